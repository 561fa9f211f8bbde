/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making room, the least harm first: space that no record uses; the content of the oldest normal
 * records; oldest segments that hold nothing but what was pruned and lost, or, when the disk has no
 * room for what pruning leaves, no alerts. A segment is rewritten
 * into a file of its own that then takes its name, so a power cut leaves the one or the other.
 */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

static void losses_pruned(struct spool *spool, const struct segment_record *record)
{
	struct spool_losses *losses = &spool->losses;
	const uint64_t last = record->first_sequence + record->count - 1;

	if (!losses->pruned || record->first_sequence < losses->pruned_first)
		losses->pruned_first = record->first_sequence;
	if (!losses->pruned || last > losses->pruned_last)
		losses->pruned_last = last;
	losses->pruned += record->count;
	spool->has_losses = true;
}

/* What a rewritten segment is made of. */
struct rewriting {
	uint8_t *bytes; /* as many as the old one has: records only become smaller */
	size_t size;
	struct spool_segment segment;
};

static int rewrite_record(
	struct rewriting *rewriting, const struct segment_record *record, bool is_pruning)
{
	uint8_t *at = rewriting->bytes + rewriting->size;
	struct segment_record pruned = *record;
	int r;

	if (is_pruning && record->kind == SEGMENT_NORMAL && !record->is_pruned &&
		record->size > SEGMENT_PRUNED_SIZE) {
		r = segment_record_prune(record, at);
		if (r < 0)
			return r;
		pruned.is_pruned = true;
		pruned.size = SEGMENT_PRUNED_SIZE;
	} else {
		memcpy(at, record->bytes, record->size);
	}
	rewriting->size += pruned.size;
	spool_count_record(&rewriting->segment, &pruned);
	return 0;
}

/* -EBADMSG when the old one is not what it was: nothing is written then. */
static int rewrite_bytes(const struct spool_segment *old, const uint8_t *bytes, bool is_pruning,
	struct rewriting *new)
{
	struct segment_header header;
	struct segment_record record;
	struct bytes_reader reader;
	struct segment_run run;
	int r;

	bytes_reader_init(&reader, bytes, (size_t)old->used);
	r = segment_header_parse(&reader, &header);
	if (r < 0)
		return r;
	memcpy(new->bytes, header.bytes, header.size);
	new->size = header.size;
	new->segment = *old;
	new->segment.records = new->segment.prunable = 0;
	new->segment.alerts = new->segment.pruned = new->segment.lost = 0;
	new->segment.used = header.size;
	segment_run_begin(&run, &header, reader.at, reader.left);
	while ((r = segment_run_next(&run, &record)) > 0) {
		r = rewrite_record(new, &record, is_pruning);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return memcmp(run.link, old->link, SEGMENT_HASH_SIZE) == 0 ? 0 : -EBADMSG;
}

static void losses_of(struct spool *spool, const uint8_t *bytes, const struct spool_segment *old)
{
	struct segment_record record;
	struct bytes_reader reader;

	bytes_reader_init(
		&reader, bytes + old->header_size, (size_t)(old->used - old->header_size));
	while (reader.left && segment_record_parse(&reader, &record) == 0)
		if (record.kind == SEGMENT_NORMAL && !record.is_pruned &&
			record.size > SEGMENT_PRUNED_SIZE)
			losses_pruned(spool, &record);
}

static int rewrite(struct spool *spool, size_t index, bool is_pruning)
{
	struct spool_segment *segment = &spool->segments[index];
	auto_free uint8_t *bytes = NULL, *fresh = NULL;
	struct rewriting rewriting = {0};
	size_t size = 0;
	int r;

	r = spool_load(&spool->files, segment->number, &bytes, &size);
	if (r < 0)
		return r;
	fresh = malloc((size_t)segment->used + 1);
	if (!fresh)
		return -ENOMEM;
	rewriting.bytes = fresh;
	r = size < segment->used ? -EBADMSG : rewrite_bytes(segment, bytes, is_pruning, &rewriting);
	if (r == -EBADMSG)
		return spool_mend(spool, index);
	if (r < 0)
		return r;
	r = spool_publish(&spool->files, segment->number, fresh, rewriting.size);
	if (r < 0)
		return r;
	if (is_pruning)
		losses_of(spool, bytes, segment);
	spool->bytes -= segment->file_size;
	*segment = rewriting.segment;
	segment->file_size = rewriting.size;
	if (is_pruning)
		segment->prunable = 0; /* those that are smaller than what pruning leaves stay */
	spool->bytes += segment->file_size;
	spool->cursor.number = 0; /* what it knew of offsets is past */
	return 0;
}

/* The oldest segment that has what is_wanted looks for, but for the one written to; count = none. */
static size_t find(const struct spool *spool, bool (*is_wanted)(const struct spool_segment *))
{
	const size_t end = spool->count - (spool->file >= 0);

	for (size_t i = 0; i < end; i++)
		if (is_wanted(&spool->segments[i]))
			return i;
	return spool->count;
}

static bool has_slack(const struct spool_segment *segment)
{
	const uint64_t slack = segment->file_size - segment->used;

	return segment->used && slack && slack >= segment->file_size / SPOOL_SLACK;
}

static bool has_prunable(const struct spool_segment *segment)
{
	return segment->prunable;
}

/* Nothing in it that the console would want to read. */
static bool is_husk(const struct spool_segment *segment)
{
	return !segment->prunable && !segment->alerts &&
	       segment->pruned + segment->lost ==
		       segment->last_sequence + 1 - segment->first_sequence;
}

/* What it held is then missing to the console. */
static int remove_oldest(struct spool *spool)
{
	const struct spool_segment oldest = spool->segments[0];
	int r;

	r = spool_remove_segment(spool, 0);
	if (r == 0 && oldest.records && oldest.last_sequence > spool->acked_sequence)
		spool_losses_missing(spool,
			oldest.first_sequence > spool->acked_sequence ? oldest.first_sequence
								      : spool->acked_sequence + 1,
			oldest.last_sequence);
	return r;
}

/* One step, least harm first. -ENOSPC when there is nothing left to do. */
static int step(struct spool *spool)
{
	bool is_disk_full = false;
	size_t index;
	int r;

	for (unsigned int is_pruning = 0; is_pruning < 2; is_pruning++) {
		index = find(spool, is_pruning ? has_prunable : has_slack);
		if (index == spool->count)
			continue;
		r = rewrite(spool, index, is_pruning);
		if (r != -ENOSPC)
			return r;
		is_disk_full = true;
	}
	if (spool_may_remove_oldest(spool) && !spool->segments[0].alerts &&
		(is_disk_full || is_husk(&spool->segments[0])))
		return remove_oldest(spool);
	return -ENOSPC;
}

int spool_make_room(struct spool *spool, uint64_t size)
{
	int r;

	while (spool->bytes + size > spool->options.size_max) {
		r = step(spool);
		if (r < 0)
			return r;
	}
	while (spool->count >= SPOOL_SEGMENTS_MAX) {
		if (!spool_may_remove_oldest(spool) || !is_husk(&spool->segments[0]))
			return -ENOSPC;
		r = remove_oldest(spool);
		if (r < 0)
			return r;
	}
	return 0;
}

int spool_give_back(struct spool *spool, uint64_t size)
{
	const uint64_t wanted = spool->bytes > size ? spool->bytes - size : 0;
	int r;

	while (spool->bytes > wanted) {
		r = step(spool);
		if (r < 0)
			return r;
	}
	return 0;
}
