/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue in front of the store: taking a record costs a copy; a batch is one transaction,
 * written when the engine has nothing else to do. What waits when the engine is killed (at most a
 * few hundred milliseconds' worth) is missing in the store and nowhere else.
 */
#include "agent/engine/lineage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/lineage_private.h"
#include "common/clock.h"

int lineage_open(const char *path, const char *boot_id, struct lineage **ret_lineage)
{
	auto_call(lineage_freep) struct lineage *lineage = calloc(1, sizeof(*lineage));
	int r;

	if (!lineage)
		return -ENOMEM;
	lineage->row_max = LINEAGE_ROW_MAX;
	lineage->boot_id = strdup(boot_id);
	if (!lineage->boot_id)
		return -ENOMEM;
	r = lineage_store_open(path, &lineage->store);
	if (r < 0)
		return r;
	*ret_lineage = take_ptr(lineage);
	return 0;
}

void lineage_free(struct lineage *lineage)
{
	if (!lineage)
		return;
	if (lineage->store)
		(void)lineage_write(lineage, true); /* nothing more to do about it */
	for (unsigned int i = 0; i < lineage->count; i++)
		free(lineage->waiting[(lineage->first + i) % LINEAGE_QUEUE_MAX]);
	for (unsigned int i = 0; i < lineage->volume_count; i++)
		free(lineage->volumes[i].identity);
	lineage_store_free(lineage->store);
	free(lineage->boot_id);
	free(lineage);
}

void lineage_volume(struct lineage *lineage, uint32_t dev, const char *identity)
{
	struct lineage_volume *volume = NULL;
	char *copy;

	if (!lineage || !identity[0])
		return;
	for (unsigned int i = 0; i < lineage->volume_count; i++)
		if (lineage->volumes[i].dev == dev)
			volume = &lineage->volumes[i];
	if (volume && !strcmp(volume->identity, identity))
		return;
	copy = strdup(identity);
	if (!copy || (!volume && lineage->volume_count == LINEAGE_VOLUME_MAX)) {
		free(copy);
		return; /* its files are known by device number, for this boot */
	}
	if (!volume) {
		volume = &lineage->volumes[lineage->volume_count++];
		volume->dev = dev;
		volume->identity = NULL;
	}
	free(volume->identity);
	volume->identity = copy;
	volume->scope = 0;
}

static bool is_way_out(unsigned int channel)
{
	switch (channel) {
	case HF_CHANNEL_REMOVABLE:
	case HF_CHANNEL_NETSHARE:
	case HF_CHANNEL_NETWORK:
	case HF_CHANNEL_LOCAL_FILE:
	case HF_CHANNEL_RAWDISK:
	case HF_CHANNEL_DEBUG:
	case HF_CHANNEL_DESCRIPTOR:
	case HF_CHANNEL_PASS:
	case HF_CHANNEL_PRINT:
	case HF_CHANNEL_CLIPBOARD:
	case HF_CHANNEL_SCREEN:
		return true;
	default:
		return false;
	}
}

/* What came to nobody leaves no trace here: those events are in the log. */
static bool is_wanted(const struct hf_record *raw)
{
	switch (raw->header.type) {
	case HF_RECORD_LABELLED:
	case HF_RECORD_DECLASSIFIED:
	case HF_RECORD_OPENED:
	case HF_RECORD_FILE:
	case HF_RECORD_TAINTED:
		return true;
	case HF_RECORD_VERDICT:
		return is_way_out(raw->channel);
	default:
		return false;
	}
}

void lineage_take(struct lineage *lineage, const struct record *record, const char *app)
{
	struct lineage_waiting *waiting;
	size_t size;

	if (!lineage || !is_wanted(&record->raw))
		return;
	size = strlen(record->path) + 1;
	waiting = lineage->count < LINEAGE_QUEUE_MAX ? malloc(sizeof(*waiting) + size) : NULL;
	if (!waiting) {
		lineage->counts.dropped++;
		return;
	}
	waiting->day_ms = clock_day_ms_of_boot(record->raw.header.ktime_ns);
	waiting->raw = record->raw;
	memcpy(waiting->comm, record->comm, sizeof(waiting->comm));
	memcpy(waiting->path, record->path, size);
	(void)snprintf(waiting->app, sizeof(waiting->app), "%s", app ? app : "");
	lineage->waiting[(lineage->first + lineage->count++) % LINEAGE_QUEUE_MAX] = waiting;
}

unsigned int lineage_waiting(const struct lineage *lineage)
{
	return lineage ? lineage->count : 0;
}

struct lineage_counts lineage_counts(const struct lineage *lineage)
{
	static const struct lineage_counts none;

	return lineage ? lineage->counts : none;
}

static int batch_write(struct lineage *lineage, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		int r = lineage_record(
			lineage, lineage->waiting[(lineage->first + i) % LINEAGE_QUEUE_MAX]);

		if (r < 0)
			return r;
	}
	return lineage_store_trim(lineage->store, clock_day_ms(), lineage->row_max);
}

/* What the numbers of a transaction that is undone were is not known any more. */
static void scopes_forget(struct lineage *lineage)
{
	lineage->boot = 0;
	for (unsigned int i = 0; i < lineage->volume_count; i++)
		lineage->volumes[i].scope = 0;
}

static int batch(struct lineage *lineage)
{
	unsigned int size = lineage->count < LINEAGE_BATCH ? lineage->count : LINEAGE_BATCH;
	int r, trimmed;

	r = lineage_store_begin(lineage->store);
	if (r < 0)
		return r;
	trimmed = batch_write(lineage, size);
	r = trimmed < 0 ? trimmed : lineage_store_commit(lineage->store);
	if (r < 0) {
		lineage_store_rollback(lineage->store);
		scopes_forget(lineage);
		return r;
	}
	lineage->counts.trimmed += (uint64_t)trimmed;
	for (unsigned int i = 0; i < size; i++)
		free(lineage->waiting[(lineage->first + i) % LINEAGE_QUEUE_MAX]);
	lineage->first = (lineage->first + size) % LINEAGE_QUEUE_MAX;
	lineage->count -= size;
	return 0;
}

int lineage_write(struct lineage *lineage, bool is_all)
{
	int r = 0;

	if (!lineage)
		return 0;
	while (r == 0 && lineage->count) {
		r = batch(lineage);
		if (!is_all)
			break;
	}
	return r;
}
