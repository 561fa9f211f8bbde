/* SPDX-License-Identifier: Apache-2.0 */
/* The segment that is written to: when it begins, what counts in it, when that is on disk. */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"
#include "common/clock.h"

/* What counts is what is synced. */
static void take_back(struct spool *spool)
{
	spool->segments[spool->count - 1] = spool->synced;
	spool->next_sequence = spool->synced_sequence + 1;
	memcpy(spool->link, spool->synced_link, SEGMENT_HASH_SIZE);
	spool->unsynced_events = 0;
	spool->is_dirty = false;
}

void spool_abandon(struct spool *spool)
{
	if (spool->file < 0)
		return;
	if (spool->is_dirty)
		take_back(spool);
	spool->files.close(spool->files.disk, spool->file);
	spool->file = -EBADF;
	segment_sealer_free(spool->sealer);
	spool->sealer = NULL;
}

int spool_sync(struct spool *spool, bool is_all)
{
	int r;

	if (!spool->is_dirty || (!is_all && spool_sync_due_ns(spool) > clock_boot_ns()))
		return 0;
	r = spool->files.sync(spool->files.disk, spool->file);
	if (r < 0) {
		/* What the kernel could not write it may have forgotten: trying again proves nothing. */
		spool_abandon(spool);
		return r;
	}
	spool->synced = spool->segments[spool->count - 1];
	spool->synced_sequence = spool->next_sequence - 1;
	memcpy(spool->synced_link, spool->link, SEGMENT_HASH_SIZE);
	spool->unsynced_events = 0;
	spool->is_dirty = false;
	return 0;
}

uint64_t spool_sync_due_ns(const struct spool *spool)
{
	if (!spool->is_dirty)
		return UINT64_MAX;
	if (spool->unsynced_events >= SPOOL_SYNC_EVENTS)
		return 0;
	return spool->unsynced_since_ns + SPOOL_SYNC_NS;
}

/* Header in a file of full size, synced before it has its name: a segment is there whole or not. */
static int segment_create(struct spool *spool, const struct segment_header *header, int *ret_file)
{
	const struct spool_files *files = &spool->files;
	char fresh[SPOOL_NAME_SIZE], name[SPOOL_NAME_SIZE];
	int file, r;

	spool_name(header->number, SPOOL_SUFFIX_NEW, fresh);
	spool_name(header->number, SPOOL_SUFFIX_SEGMENT, name);
	file = files->create(files->disk, fresh);
	if (file < 0)
		return file;
	r = files->allocate(files->disk, file, spool->options.segment_size);
	if (r == 0)
		r = files->write(files->disk, file, header->bytes, header->size, 0);
	if (r == 0)
		r = files->sync(files->disk, file);
	if (r == 0)
		r = files->rename(files->disk, fresh, name);
	if (r < 0) {
		(void)files->unlink(files->disk, fresh); /* the next start does, otherwise */
	} else {
		r = files->sync_directory(files->disk);
		if (r < 0)
			(void)files->unlink(files->disk, name); /* an empty one does no harm */
	}
	if (r < 0) {
		files->close(files->disk, file);
		return r;
	}
	*ret_file = file;
	return 0;
}

static int sealer_make(struct spool *spool, struct segment_sealer **ret_sealer)
{
	const struct spool_options *options = &spool->options;
	struct segment_plan plan = {
		.number = spool->next_number,
		.first_sequence = spool->next_sequence,
		.made_ms = clock_day_ms(),
		.sign = options->sign,
		.userdata = options->userdata,
	};

	memcpy(plan.device_uid, options->device_uid, SEGMENT_UID_SIZE);
	memcpy(plan.boot_uid, options->boot_uid, SEGMENT_UID_SIZE);
	memcpy(plan.console_key, options->console_key, HPKE_KEY_SIZE);
	memcpy(plan.previous, spool->link, SEGMENT_HASH_SIZE);
	return segment_sealer_new(&plan, ret_sealer);
}

/* Those that a start made and never wrote to: the new one says where the spool stands. */
static void empty_ones_remove(struct spool *spool)
{
	for (size_t i = 0; i + 1 < spool->count;)
		if (spool->segments[i].records || spool_remove_segment(spool, i) < 0)
			i++;
}

static int segment_new(struct spool *spool)
{
	const uint64_t size = spool->options.segment_size;
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = NULL;
	const struct segment_header *header;
	struct spool_segment segment;
	int file = -EBADF, r;

	if (spool->next_number == UINT64_MAX)
		return -EOVERFLOW;
	r = spool_make_room(spool, size);
	if (r < 0)
		return r;
	r = sealer_make(spool, &sealer);
	if (r < 0)
		return r;
	header = segment_sealer_header(sealer);
	spool->next_number++; /* whatever becomes of this one */
	r = segment_create(spool, header, &file);
	if (r == -ENOSPC && spool_give_back(spool, size) == 0)
		r = segment_create(spool, header, &file);
	if (r < 0)
		return r;
	segment = (struct spool_segment){
		.number = header->number,
		.first_sequence = header->first_sequence,
		.last_sequence = header->first_sequence - 1,
		.made_ms = header->made_ms,
		.file_size = size,
		.used = header->size,
		.header_size = (uint32_t)header->size,
	};
	memcpy(segment.previous, header->previous, SEGMENT_HASH_SIZE);
	memcpy(segment.link, header->hash, SEGMENT_HASH_SIZE);
	r = spool_add_segment(spool, &segment);
	if (r < 0) {
		spool->files.close(spool->files.disk, file);
		return r;
	}
	spool->file = file;
	spool->sealer = take_ptr(sealer);
	spool->synced = spool->segments[spool->count - 1];
	empty_ones_remove(spool);
	return 0;
}

/* Bytes that the frame's record has at most; a few more than zstd's bound. */
static uint64_t record_size_max(const struct segment_frame *frame)
{
	const uint64_t size = SEGMENT_PRUNED_SIZE + 512 + frame->size + frame->size / 128;

	return size < SEGMENT_RECORD_MAX ? size : SEGMENT_RECORD_MAX;
}

int spool_begin_segment(struct spool *spool)
{
	int r;

	if (spool->file >= 0) {
		/* The next header names the last link: it must be on disk before. */
		r = spool_sync(spool, true);
		if (r < 0)
			return r;
		spool_abandon(spool);
	}
	r = segment_new(spool);
	if (r == 0)
		spool->is_rekeyed = false;
	return r;
}

static int segment_for(struct spool *spool, const struct segment_frame *frame)
{
	const uint64_t size = record_size_max(frame), whole = spool->options.segment_size;

	if (size > whole - SEGMENT_HEADER_MAX)
		return -EMSGSIZE;
	if (spool->file >= 0 && !spool->is_rekeyed &&
		spool->segments[spool->count - 1].used + size <= whole)
		return 0;
	return spool_begin_segment(spool);
}

static int frame_put(struct spool *spool, const struct segment_frame *frame)
{
	struct segment_record record;
	struct spool_segment *segment;
	struct bytes_reader reader;
	size_t size;
	int r;

	r = segment_for(spool, frame);
	if (r < 0)
		return r;
	r = segment_seal(spool->sealer, frame, spool->record, &size);
	if (r == -EINVAL || r == -EMSGSIZE)
		return r;
	segment = &spool->segments[spool->count - 1];
	if (r == 0)
		r = spool->files.write(
			spool->files.disk, spool->file, spool->record, size, segment->used);
	bytes_reader_init(&reader, spool->record, r == 0 ? size : 0);
	if (r == 0)
		r = segment_record_parse(&reader, &record);
	if (r < 0) {
		/* This number must not seal anything else, so the segment ends; what was whole stays. */
		(void)spool_sync(spool, true); /* or is taken back */
		spool_abandon(spool);
		return r;
	}
	spool_count_record(segment, &record);
	spool->next_sequence += frame->count;
	memcpy(spool->link, record.link, SEGMENT_HASH_SIZE);
	if (!spool->is_dirty) {
		spool->is_dirty = true;
		spool->unsynced_since_ns = clock_boot_ns();
	}
	if (frame->kind != SEGMENT_LOST)
		spool->unsynced_events += frame->count;
	return 0;
}

/* The frame without its first count events. */
static int frame_skip(struct segment_frame *frame, uint64_t count)
{
	for (; count; count--) {
		const char *newline = memchr(frame->lines, '\n', frame->size);

		if (!newline)
			return -EINVAL;
		frame->size -= (size_t)(newline + 1 - frame->lines);
		frame->lines = newline + 1;
		frame->first_sequence++;
		frame->count--;
	}
	return 0;
}

static int lost_put(struct spool *spool, uint64_t count)
{
	const struct segment_frame lost = {
		.first_sequence = spool->next_sequence,
		.count = (uint32_t)count,
		.kind = SEGMENT_LOST,
	};

	return count > UINT32_MAX ? -ERANGE : frame_put(spool, &lost);
}

int spool_append(struct spool *spool, const struct segment_frame *frame)
{
	struct segment_frame rest = *frame;
	int r;

	if ((frame->kind != SEGMENT_NORMAL && frame->kind != SEGMENT_ALERT) || !frame->count ||
		frame->count > SEGMENT_EVENTS_MAX || !frame->first_sequence ||
		frame->first_sequence > UINT64_MAX - SEGMENT_EVENTS_MAX)
		return -EINVAL;
	if (rest.first_sequence > spool->next_sequence) {
		r = lost_put(spool, rest.first_sequence - spool->next_sequence);
		if (r < 0)
			return r;
	}
	if (rest.first_sequence + rest.count > spool->next_sequence) {
		r = frame_skip(&rest, spool->next_sequence - rest.first_sequence);
		if (r < 0)
			return r;
		r = frame_put(spool, &rest);
		if (r < 0)
			return r;
	}
	return frame->kind == SEGMENT_ALERT ? spool_sync(spool, true) : 0;
}
