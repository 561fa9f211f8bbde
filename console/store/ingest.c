/* SPDX-License-Identifier: Apache-2.0 */
/* Where a batch belongs in the device's chain; what its records hold is ingest_record.c's. */
#include "console/store/ingest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/identify.h"
#include "console/store/ingest_record.h"
#include "console/store/ingest_segment.h"

struct seal {
	uint8_t private_key[HPKE_KEY_SIZE];
	uint8_t public_key[HPKE_KEY_SIZE];
	uint8_t key_id[HPKE_KEY_ID_SIZE];
	int64_t made_ms; /* 0 = not the one in use, or not written down */
};

struct ingest {
	struct seal seals[INGEST_SEAL_KEYS];
	unsigned int count, current;
	ingest_keys_function *look_for_keys; /* NULL: there are no others */
	void *userdata;
	struct ingest_segments *segments;
};

int ingest_add_key(struct ingest *ingest, const uint8_t private_key[HPKE_KEY_SIZE])
{
	struct seal *seal = &ingest->seals[ingest->count];
	int r;

	if (ingest->count == INGEST_SEAL_KEYS)
		return -ENOSPC;
	memcpy(seal->private_key, private_key, sizeof(seal->private_key));
	seal->made_ms = 0;
	r = hpke_key_public(seal->private_key, seal->public_key);
	if (r == 0)
		r = hpke_key_id(seal->public_key, seal->key_id);
	if (r == 0)
		ingest->count++;
	return r;
}

int ingest_new(const uint8_t private_key[HPKE_KEY_SIZE], struct ingest **ret_ingest)
{
	auto_call(ingest_freep) struct ingest *ingest = calloc(1, sizeof(*ingest));
	int r;

	if (!ingest)
		return -ENOMEM;
	r = ingest_add_key(ingest, private_key);
	if (r == 0)
		r = ingest_segments_new(&ingest->segments);
	if (r < 0)
		return r;
	*ret_ingest = take_ptr(ingest);
	return 0;
}

void ingest_free(struct ingest *ingest)
{
	if (!ingest)
		return;
	ingest_segments_free(ingest->segments);
	explicit_bzero(ingest, sizeof(*ingest));
	free(ingest);
}

const uint8_t *ingest_public_key(const struct ingest *ingest)
{
	return ingest->seals[ingest->current].public_key;
}

int ingest_rotate(struct ingest *ingest, const uint8_t private_key[HPKE_KEY_SIZE])
{
	int r = ingest_add_key(ingest, private_key);

	if (r == 0)
		ingest->current = ingest->count - 1;
	return r;
}

void ingest_key_made(struct ingest *ingest, int64_t made_ms)
{
	ingest->seals[ingest->current].made_ms = made_ms;
}

static struct seal *seal_of(struct ingest *ingest, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	for (unsigned int i = 0; i < ingest->count; i++)
		if (!memcmp(ingest->seals[i].key_id, id, HPKE_KEY_ID_SIZE))
			return &ingest->seals[i];
	return NULL;
}

void ingest_drop_key(struct ingest *ingest, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	struct seal *seal = seal_of(ingest, id), *last = &ingest->seals[ingest->count - 1];

	if (!seal || seal == &ingest->seals[ingest->current])
		return;
	if (last == &ingest->seals[ingest->current])
		ingest->current = (unsigned int)(seal - ingest->seals);
	*seal = *last;
	explicit_bzero(last, sizeof(*last));
	ingest->count--;
	ingest_segments_forget(ingest->segments);
}

void ingest_look_for_keys(struct ingest *ingest, ingest_keys_function *look, void *userdata)
{
	ingest->look_for_keys = look;
	ingest->userdata = userdata;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t all = 0;

	for (size_t i = 0; i < size; i++)
		all |= bytes[i];
	return !all;
}

static int add_finding(struct ingest_batch *batch, const char *kind, uint64_t first, uint64_t last,
	const char *text)
{
	struct store_finding finding = {.device = batch->device->id,
		.time_ms = (int64_t)clock_day_ms(),
		.first = first,
		.last = last};

	(void)snprintf(finding.kind, sizeof(finding.kind), "%s", kind);
	(void)snprintf(finding.text, sizeof(finding.text), "%s", text); /* cut */
	return store_finding_add(batch->store, &finding);
}

/* Two machines go on from the same chain: the first one's word stands. */
static int refuse_conflict(struct ingest_batch *batch, const struct segment_record *record)
{
	char ours[UUID_TEXT_SIZE], theirs[UUID_TEXT_SIZE], text[STORE_WHY_SIZE];

	uuid_format(batch->device->boot, ours);
	uuid_format(batch->header.boot_uid, theirs);
	(void)snprintf(text, sizeof(text),
		"events from number %llu on differ from what is stored: this device exists twice, "
		"or was set back. Stored from boot %s, refused from boot %s at %s",
		(unsigned long long)record->first_sequence, ours, theirs, batch->address);
	batch->refusal = REFUSAL_BATCH_CHAIN;
	return add_finding(batch, "chain-conflict", record->first_sequence,
		record->first_sequence + record->count - 1, text);
}

/* Whether the device has insisted for long enough on beginning here. */
static bool has_insisted(struct store_device *device, uint64_t first, int64_t now_ms)
{
	if (device->offered != first || now_ms < device->offered_ms) {
		device->offered = first;
		device->offered_ms = now_ms;
		device->offers = 0;
	}
	device->offers++;
	return device->offers >= INGEST_OFFERS && now_ms - device->offered_ms >= INGEST_OFFERS_MS;
}

/* Takes a gap, or refuses it and remembers that it was offered. */
static int take_gap(struct ingest_batch *batch, const struct segment_record *record)
{
	struct store_device *device = batch->device;
	uint64_t from = device->ack + 1;
	char text[STORE_WHY_SIZE];

	/* A segment that has earlier records is still there as a whole. */
	if (record->index != 0 ||
		(!batch->is_after_loss &&
			!has_insisted(device, record->first_sequence, (int64_t)clock_day_ms()))) {
		batch->refusal = REFUSAL_BATCH_GAP;
		return record->index ? 0 : store_device_advance(batch->store, device);
	}
	batch->is_new = true;
	if (record->first_sequence == from)
		return add_finding(batch, "restarted", from, from,
			"the device's spool begins anew: what it had not delivered is gone");
	batch->account.missing += record->first_sequence - from;
	(void)snprintf(text, sizeof(text), "%llu events never came: %s",
		(unsigned long long)(record->first_sequence - from),
		device->is_restored ? "this database was restored from a backup, and the device "
				      "had them acknowledged and has them no more"
				    : "the device does not have them any more");
	return add_finding(batch, device->is_restored ? "restored" : "gap", from,
		record->first_sequence - 1, text);
}

/* The first record that is new: whether it follows what is stored. */
static int place_first(struct ingest_batch *batch, const struct segment_record *record)
{
	const struct segment_header *header = &batch->header;
	struct store_device *device = batch->device;
	bool is_begin = record->index == 0 && is_zero(header->previous, sizeof(header->previous));

	if (record->index == 0 &&
		(memcmp(record->before, header->hash, sizeof(header->hash)) != 0 ||
			record->first_sequence != header->first_sequence)) {
		batch->refusal = REFUSAL_BATCH_FORMAT;
		return 0;
	}
	if (is_begin && device->ack == 0) /* events from before the device knew of a console */
		return 0;
	if (record->first_sequence > device->ack + 1 || is_begin)
		return take_gap(batch, record);
	if (memcmp(record->index ? record->before : header->previous, device->link,
		    sizeof(device->link)) != 0)
		return refuse_conflict(batch, record);
	return 0;
}

/* One that should be stored already. */
static int pass_over(struct ingest_batch *batch, const struct segment_record *record)
{
	uint8_t link[CONSOLE_HASH_SIZE];
	int r;

	r = store_record_link(batch->store, batch->device->id, record->first_sequence, link);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || memcmp(link, record->link, sizeof(link)) != 0)
		return refuse_conflict(batch, record);
	return 0;
}

static int take_records(struct ingest_batch *batch, struct segment_run *run)
{
	struct store_device *device = batch->device;
	struct segment_record record;
	bool is_placed = false, is_any = false;
	int found, r;

	while ((found = segment_run_next(run, &record)) > 0) {
		is_any = true;
		if (record.first_sequence <= device->ack) {
			r = pass_over(batch, &record);
		} else {
			r = is_placed ? 0 : place_first(batch, &record);
			is_placed = true;
			if (r == 0 && batch->refusal == REFUSAL_NONE)
				r = ingest_record(batch, &record);
		}
		if (r < 0 || batch->refusal != REFUSAL_NONE)
			return r;
	}
	if (found < 0 || !is_any)
		batch->refusal = REFUSAL_BATCH_FORMAT;
	return found < 0 && found != -EBADMSG ? found : 0;
}

/* What is of the device as a whole, when its records are in. */
static int advance(struct ingest_batch *batch)
{
	struct store_device *device = batch->device;
	int r = 0;

	if (!batch->is_new)
		return 0;
	/* A segment is sealed to one key: each time there is a new one. */
	if (batch->key_made_ms && device->segment != batch->header.number)
		r = store_seal_used(batch->store, device->id, batch->key_made_ms);
	device->segment = batch->header.number;
	device->offered = 0;
	device->offers = 0;
	device->is_restored = false;
	memcpy(device->boot, batch->header.boot_uid, sizeof(device->boot));
	memcpy(batch->account.boot, batch->header.boot_uid, sizeof(batch->account.boot));
	if (r == 0)
		r = store_device_advance(batch->store, device);
	if (r == 0)
		r = store_account_add(
			batch->store, device->id, &batch->account, (int64_t)clock_day_ms());
	if (r == 0)
		r = ingest_tallies(batch);
	if (r == 0)
		r = ingest_users(batch);
	if (r == 0)
		r = ingest_findings(batch);
	if (r == 0)
		r = ingest_receipt(batch);
	return r;
}

/* To a key that is destroyed, or was never ours: nobody here can open it. */
static int refuse_key(struct ingest_batch *batch)
{
	const struct segment_header *header = &batch->header;
	char made[CLOCK_TEXT_SIZE], text[STORE_WHY_SIZE];

	clock_format(header->made_ms, made);
	(void)snprintf(text, sizeof(text),
		"a segment that the device began at %s with event %llu is sealed to a key that "
		"this console does not have any more, or never had: what it holds can't be read",
		made, (unsigned long long)header->first_sequence);
	batch->refusal = REFUSAL_BATCH_KEY;
	if (header->first_sequence > INT64_MAX)
		return 0;
	return add_finding(batch, "old-key", header->first_sequence, header->first_sequence, text);
}

static int prove_segment(
	struct ingest *ingest, struct ingest_batch *batch, const struct identity *identity)
{
	const struct segment_header *header = &batch->header;
	const struct seal *seal = seal_of(ingest, header->key_id);

	if (memcmp(header->device_uid, identity->device.uid, sizeof(header->device_uid)) != 0) {
		batch->refusal = REFUSAL_BATCH_DEVICE;
		return 0;
	}
	if (!seal && ingest->look_for_keys) {
		ingest->look_for_keys(ingest->userdata);
		seal = seal_of(ingest, header->key_id);
	}
	if (!seal)
		return refuse_key(batch);
	batch->key_made_ms = seal->made_ms;
	return ingest_segment(ingest->segments, batch, &identity->certificate, seal->private_key);
}

/* Records are written as they are opened, and taken back when a later one is refused. */
static int take_batch(struct ingest_batch *batch, struct segment_run *run)
{
	const struct store_device before = *batch->device;
	int r;

	r = store_mark(batch->store);
	if (r < 0)
		return r;
	r = take_records(batch, run);
	if (r < 0)
		return r;
	if (batch->refusal != REFUSAL_NONE && batch->is_new) {
		*batch->device = before;
		return store_mark_undo(batch->store);
	}
	r = store_mark_keep(batch->store); /* of a refusal: what is said about it */
	if (r == 0 && batch->refusal == REFUSAL_NONE)
		r = advance(batch);
	return r;
}

int ingest_batch(struct ingest *ingest, struct store *store, const struct console_who *who,
	const void *bytes, size_t size, struct console_device *ret_answer)
{
	static struct ingest_batch batch; /* too large for the stack, as the next one */
	static struct identity identity;
	struct segment_run run;
	int r;

	batch = (struct ingest_batch){.store = store,
		.device = &identity.device,
		.address = who->address,
		.now_ms = (int64_t)clock_day_ms(),
		.is_after_loss = who->is_after_loss};
	r = identify(store, who->certificate, who->address, &identity, &batch.refusal);
	if (r < 0)
		return r;
	if (batch.refusal == REFUSAL_NONE &&
		segment_batch_parse(bytes, size, &batch.header, &run) < 0)
		batch.refusal = REFUSAL_BATCH_FORMAT;
	if (batch.refusal == REFUSAL_NONE)
		r = prove_segment(ingest, &batch, &identity);
	if (r == 0 && batch.refusal == REFUSAL_NONE)
		r = store_device_lock(store, identity.device.id, &identity.device);
	if (r == 0 && batch.refusal == REFUSAL_NONE)
		r = take_batch(&batch, &run);
	if (r < 0)
		return r;
	identify_answer(&identity.device, who->id, ret_answer);
	ret_answer->refusal = batch.refusal;
	memcpy(ret_answer->seal_key, ingest_public_key(ingest), sizeof(ret_answer->seal_key));
	return 0;
}
