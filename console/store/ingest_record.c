/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to events. */
#include "console/store/ingest_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/event_class.h"
#include "console/store/ingest.h"

/* OCSF 1.8.0: Entity Management; Activate, Update */
#define CLASS_ENTITY	3004
#define ACTIVITY_APPLY	10
#define ACTIVITY_UPDATE 3
#define ENTITY_CONSOLE	"console" /* whose policy was refused: agent/engine/policy_bundle.c */

/* What the device says of the console's policies: the last word of each kind is kept. */
static void note_receipt(struct ingest_batch *batch, const struct event_fields *fields)
{
	struct store_receipt *receipt = &batch->receipt;

	if (fields->class_uid != CLASS_ENTITY)
		return;
	if (fields->activity_id == ACTIVITY_APPLY && fields->bundle_version) {
		receipt->applied = fields->bundle_version;
		receipt->applied_ms = fields->time_ms;
		memcpy(receipt->digest, fields->bundle_digest, sizeof(receipt->digest));
		memcpy(receipt->mode, fields->bundle_mode, sizeof(receipt->mode));
	}
	if (fields->activity_id == ACTIVITY_UPDATE && fields->status_code[0] &&
		!strcmp(fields->entity, ENTITY_CONSOLE)) {
		memcpy(receipt->code, fields->status_code, sizeof(receipt->code));
		receipt->refused_ms = fields->time_ms;
	}
}

int ingest_receipt(struct ingest_batch *batch)
{
	const struct store_receipt *receipt = &batch->receipt;
	int r = 0;

	if (receipt->applied)
		r = store_receipt_applied(batch->store, batch->device->id, receipt);
	if (r == 0 && receipt->code[0])
		r = store_receipt_refused(
			batch->store, batch->device->id, receipt->code, receipt->refused_ms);
	return r;
}

/* Such an event is stored as any other: nothing is lost for the way it is written. */
static void note_fault(
	struct ingest_batch *batch, const struct event_fields *fields, uint64_t sequence)
{
	const char *fault = event_class_fault(fields);

	if (!fault)
		return;
	if (!batch->unfit.count++) {
		batch->unfit.first = sequence;
		batch->fault = fault;
	}
	batch->unfit.last = sequence;
	batch->account.unfit++;
}

/* The parsed lines of a record; false when one is no event. */
static bool read_events(struct ingest_batch *batch, const struct segment_record *record,
	const char *lines, size_t size, struct store_event *ret_events)
{
	struct event_fields fields;
	const char *line = lines;

	for (uint32_t i = 0; i < record->count; i++) {
		struct store_event *event = &ret_events[i];
		const char *end = memchr(line, '\n', size - (size_t)(line - lines));

		if (!end || event_fields_read(line, (size_t)(end - line), &fields) < 0)
			return false;
		*event = (struct store_event){
			.sequence = record->first_sequence + i,
			.time_ms = fields.time_ms,
			.class_uid = fields.class_uid,
			.activity_id = fields.activity_id,
			.severity_id = fields.severity_id,
			.verdict = fields.verdict,
			.start = (uint32_t)(line - lines),
			.size = (uint32_t)(end - line),
		};
		memcpy(event->user, fields.user, sizeof(event->user));
		event->is_person = ingest_is_person(fields.user_uid);
		event->uid = (uint32_t)strtoul(fields.user_uid, NULL, 10);
		batch->account.coalesced += fields.coalesced;
		note_receipt(batch, &fields);
		note_fault(batch, &fields, event->sequence);
		line = end + 1;
	}
	return true;
}

int ingest_tallies(struct ingest_batch *batch)
{
	int r = 0;

	for (unsigned int i = 0; i < batch->tally_count && r == 0; i++)
		r = store_tally_add(batch->store, &batch->tallies[i]);
	batch->tally_count = 0;
	return r;
}

static bool is_alike(const struct store_tally *tally, const struct store_event *event, int64_t day)
{
	return tally->day == day && tally->class_uid == event->class_uid &&
	       tally->verdict == event->verdict;
}

/* Most events are of the kind of the one before. */
static int count_event(struct ingest_batch *batch, const struct store_event *event)
{
	const int64_t day = event->time_ms / (24 * 60 * 60 * 1000);
	unsigned int i = batch->tally_count;
	int r;

	while (i > 0 && !is_alike(&batch->tallies[i - 1], event, day))
		i--;
	if (i > 0) {
		batch->tallies[i - 1].count++;
		return 0;
	}
	if (batch->tally_count == INGEST_TALLIES) {
		r = ingest_tallies(batch);
		if (r < 0)
			return r;
	}
	batch->tallies[batch->tally_count++] = (struct store_tally){.day = day,
		.device = batch->device->id,
		.class_uid = event->class_uid,
		.verdict = event->verdict,
		.count = 1};
	return 0;
}

static int count_events(struct ingest_batch *batch, const struct store_record *stored)
{
	int r = 0;

	for (unsigned int i = 0; i < stored->event_count && r == 0; i++)
		r = count_event(batch, &stored->events[i]);
	for (unsigned int i = 0; i < stored->event_count && r == 0; i++)
		r = ingest_user(batch, &stored->events[i]);
	return r;
}

static void widen(struct ingest_range *range, const struct segment_record *record)
{
	if (!range->count)
		range->first = record->first_sequence;
	range->last = record->first_sequence + record->count - 1;
	range->count += record->count;
}

static int add_record(struct ingest_batch *batch, const struct segment_record *record,
	const struct store_record *stored)
{
	struct store_device *device = batch->device;
	struct store_account *account = &batch->account;
	int r;

	r = store_record_add(batch->store, stored);
	if (r == 0)
		r = count_events(batch, stored);
	if (r < 0)
		return r;
	if (!account->first)
		account->first = record->first_sequence;
	account->last = record->first_sequence + record->count - 1;
	account->delivered += stored->event_count;
	batch->is_new = true;
	device->ack = account->last;
	memcpy(device->link, record->link, sizeof(device->link));
	return 0;
}

int ingest_record(struct ingest_batch *batch, const struct segment_record *record)
{
	static struct store_event events[SEGMENT_EVENTS_MAX]; /* too large for the stack */
	struct store_record stored = {.device = batch->device->id,
		.first = record->first_sequence,
		.count = record->count};
	auto_free char *lines = NULL;
	size_t size = 0;
	int r;

	memcpy(stored.link, record->link, sizeof(stored.link));
	batch->raw_size += record->raw_size;
	if (batch->raw_size > INGEST_RAW_MAX || record->first_sequence > INT64_MAX - UINT32_MAX) {
		batch->refusal = REFUSAL_BATCH_FORMAT;
		return 0;
	}
	r = segment_open_record(batch->opener, record, &lines, &size);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENODATA) {
		batch->refusal = REFUSAL_BATCH_SEAL;
		return 0;
	}
	if (r == -ENODATA || record->kind == SEGMENT_LOST) {
		bool is_lost = record->kind == SEGMENT_LOST;

		widen(is_lost ? &batch->lost : &batch->pruned, record);
		*(is_lost ? &batch->account.lost : &batch->account.pruned) += record->count;
		return add_record(batch, record, &stored);
	}
	if (record->count > SEGMENT_EVENTS_MAX ||
		!read_events(batch, record, lines, size, events)) {
		batch->refusal = REFUSAL_BATCH_EVENT;
		return 0;
	}
	stored.text = lines;
	stored.size = size;
	stored.packed = segment_packed(batch->opener, &stored.packed_size);
	stored.events = events;
	stored.event_count = record->count;
	return add_record(batch, record, &stored);
}

static int add_range(struct ingest_batch *batch, const struct ingest_range *range, const char *kind,
	const char *why)
{
	struct store_finding finding = {.device = batch->device->id,
		.time_ms = (int64_t)clock_day_ms(),
		.first = range->first,
		.last = range->last};

	if (!range->count)
		return 0;
	(void)snprintf(finding.kind, sizeof(finding.kind), "%s", kind);
	(void)snprintf(finding.text, sizeof(finding.text), "%llu events %s",
		(unsigned long long)range->count, why);
	return store_finding_add(batch->store, &finding);
}

/* Once for each boot of a device: it would not stop. How many they are, its account says. */
static int add_unfit(struct ingest_batch *batch)
{
	struct store_finding finding = {.device = batch->device->id,
		.kind = "event-not-ocsf",
		.time_ms = (int64_t)clock_day_ms(),
		.first = batch->unfit.first,
		.last = batch->unfit.last};
	struct store_account account = {0};
	int count;

	if (!batch->unfit.count)
		return 0;
	count = store_accounts(batch->store, batch->device->id, &account, 1);
	if (count < 0)
		return count;
	if (!memcmp(account.boot, batch->account.boot, sizeof(account.boot)) &&
		account.unfit > batch->account.unfit)
		return 0;
	(void)snprintf(finding.text, sizeof(finding.text),
		"events are stored, but are not as OCSF " EVENT_CLASS_VERSION
		" has them: event %llu: %s. 'device show' counts them",
		(unsigned long long)finding.first, batch->fault);
	return store_finding_add(batch->store, &finding);
}

int ingest_findings(struct ingest_batch *batch)
{
	int r;

	r = add_unfit(batch);
	if (r < 0)
		return r;
	r = add_range(batch, &batch->pruned, "pruned",
		"were given up by the device, whose spool was full; the chain proves their number");
	if (r == 0)
		r = add_range(batch, &batch->lost, "lost",
			"never reached the device's spool, as the device says");
	return r;
}
