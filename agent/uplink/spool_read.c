/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the console, and what goes when it is there. */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

#define RECORD_SIZE_FIELD 4

/* A segment as far as it may be read, its file, and where reading it is. */
struct reading {
	const struct spool_files *files;
	const struct spool_segment *segment;
	int file;
	struct segment_header header;
	struct spool_cursor at; /* behind what is passed */
};

static int reading_header(struct reading *reading)
{
	const struct spool_segment *segment = reading->segment;
	uint8_t bytes[SEGMENT_HEADER_MAX];
	struct bytes_reader reader;
	int64_t got;

	got = reading->files->read(
		reading->files->disk, reading->file, bytes, segment->header_size, 0);
	if (got < 0)
		return (int)got;
	bytes_reader_init(&reader, bytes, (size_t)got);
	if (segment_header_parse(&reader, &reading->header) < 0 ||
		reading->header.number != segment->number)
		return -EBADMSG;
	return 0;
}

static void reading_begin(
	struct reading *reading, const struct spool_cursor *cursor, uint64_t after)
{
	if (cursor->number == reading->segment->number && cursor->next_sequence <= after + 1) {
		reading->at = *cursor;
		return;
	}
	reading->at = (struct spool_cursor){
		.number = reading->segment->number,
		.offset = reading->header.size,
		.next_sequence = reading->header.first_sequence,
	};
	memcpy(reading->at.link, reading->header.hash, SEGMENT_HASH_SIZE);
}

static void reading_pass(struct reading *reading, const struct segment_record *record)
{
	struct spool_cursor *at = &reading->at;

	at->offset += record->size;
	at->next_sequence = record->first_sequence + record->count;
	at->next_index = record->index + 1;
	memcpy(at->link, record->link, SEGMENT_HASH_SIZE);
}

/* Records from where reading is on, as many bytes as fit, to bytes. */
static int reading_fill(
	struct reading *reading, uint8_t *bytes, size_t size, struct segment_run *ret_run)
{
	const struct spool_cursor *at = &reading->at;
	const uint64_t left = reading->segment->used - at->offset;
	int64_t got;

	got = reading->files->read(reading->files->disk, reading->file, bytes,
		left < size ? (size_t)left : size, at->offset);
	if (got < 0)
		return (int)got;
	*ret_run = (struct segment_run){.next_sequence = at->next_sequence,
		.next_index = at->next_index,
		.is_index_known = true};
	bytes_reader_init(&ret_run->reader, bytes, (size_t)got);
	memcpy(ret_run->link, at->link, SEGMENT_HASH_SIZE);
	return 0;
}

/* Whether the next record does not end within what was read, but may within the segment. */
static bool is_cut_short(const struct reading *reading, const struct segment_run *run)
{
	struct bytes_reader reader = run->reader;
	const uint64_t left = reading->segment->used - reading->at.offset;
	uint32_t size;

	if (reader.left >= left)
		return false;
	if (reader.left < RECORD_SIZE_FIELD)
		return true;
	size = bytes_get_u32(&reader);
	return size > run->reader.left && size <= left && size <= SEGMENT_RECORD_MAX;
}

/* Passes what is up to after. 0, -ENOBUFS, -EBADMSG. */
static int reading_skip(struct reading *reading, uint64_t after, uint8_t *bytes, size_t size)
{
	struct segment_record record;
	struct segment_run run;
	uint64_t begun;
	int r;

	do {
		begun = reading->at.offset;
		r = reading_fill(reading, bytes, size, &run);
		if (r < 0)
			return r;
		for (;;) {
			if (is_cut_short(reading, &run))
				break;
			r = segment_run_next(&run, &record);
			if (r <= 0)
				return -EBADMSG; /* there is one behind after, or none would be sought */
			if (record.first_sequence + record.count - 1 > after)
				return 0;
			reading_pass(reading, &record);
		}
	} while (reading->at.offset != begun);
	return -ENOBUFS;
}

/* Whole records to bytes, and what they are to batch. 1, -ENOBUFS, -EBADMSG. */
static int reading_take(
	struct reading *reading, uint8_t *bytes, size_t size, struct spool_batch *batch)
{
	struct segment_record record;
	struct segment_run run;
	int r;

	batch->size = 0;
	batch->records = 0;
	batch->has_alert = false;
	r = reading_fill(reading, bytes, size, &run);
	if (r < 0)
		return r;
	while (!is_cut_short(reading, &run)) {
		r = segment_run_next(&run, &record);
		if (r < 0 && !batch->records)
			return r;
		if (r <= 0)
			break; /* what is damaged is found when it is the next */
		if (!batch->records++)
			batch->first_sequence = record.first_sequence;
		batch->last_sequence = record.first_sequence + record.count - 1;
		batch->has_alert |= record.kind == SEGMENT_ALERT;
		batch->size += record.size;
		reading_pass(reading, &record);
	}
	return batch->records ? 1 : -ENOBUFS;
}

static int read_open(
	struct spool *spool, struct reading *reading, uint64_t after, struct spool_batch *batch)
{
	const size_t size_max = batch->size_max < SEGMENT_BATCH_MAX ? batch->size_max
								    : SEGMENT_BATCH_MAX;
	size_t before;
	int r;

	r = reading_header(reading);
	if (r < 0)
		return r;
	before = reading->header.size + SEGMENT_HASH_SIZE;
	if (size_max <= before)
		return -ENOBUFS;
	reading_begin(reading, &spool->cursor, after);
	r = reading_skip(reading, after, batch->bytes + before, size_max - before);
	if (r < 0)
		return r;
	memcpy(batch->bytes, reading->header.bytes, reading->header.size);
	memcpy(batch->bytes + reading->header.size, reading->at.link, SEGMENT_HASH_SIZE);
	r = reading_take(reading, batch->bytes + before, size_max - before, batch);
	if (r < 0)
		return r;
	batch->size += before;
	spool->cursor = reading->at;
	return 1;
}

static int read_segment(struct spool *spool, const struct spool_segment *segment, uint64_t after,
	struct spool_batch *batch)
{
	struct reading reading = {.files = &spool->files, .segment = segment};
	char name[SPOOL_NAME_SIZE];
	int r;

	spool_name(segment->number, SPOOL_SUFFIX_SEGMENT, name);
	reading.file = reading.files->open(reading.files->disk, name, false);
	if (reading.file < 0)
		return reading.file == -ENOENT ? -EBADMSG : reading.file;
	r = read_open(spool, &reading, after, batch);
	reading.files->close(reading.files->disk, reading.file);
	return r;
}

/* The segment as it is on disk: of the one written to, what is synced. */
static const struct spool_segment *readable(const struct spool *spool, size_t index)
{
	if (spool->file >= 0 && index == spool->count - 1)
		return &spool->synced;
	return &spool->segments[index];
}

int spool_read(struct spool *spool, uint64_t after_sequence, struct spool_batch *batch)
{
	for (size_t i = 0; i < spool->count; i++) {
		const struct spool_segment *segment = readable(spool, i);
		int r;

		if (!segment->records || segment->last_sequence <= after_sequence)
			continue;
		r = read_segment(spool, segment, after_sequence, batch);
		if (r != -EBADMSG)
			return r;
		if (spool->file >= 0 && i == spool->count - 1) {
			/* What waits stays, for nobody would ask for it again. */
			r = spool_sync(spool, true);
			if (r < 0)
				return r;
			spool_abandon(spool);
		}
		r = spool_mend(spool, i);
		if (r < 0)
			return r;
		i--;
	}
	return 0;
}

int spool_ack(struct spool *spool, uint64_t sequence)
{
	int r;

	if (sequence > spool->synced_sequence)
		sequence = spool->synced_sequence;
	if (sequence > spool->acked_sequence)
		spool->acked_sequence = sequence;
	while (spool_may_remove_oldest(spool) &&
		spool->segments[0].last_sequence <= spool->acked_sequence) {
		r = spool_remove_segment(spool, 0);
		if (r < 0)
			return r;
	}
	return 0;
}
