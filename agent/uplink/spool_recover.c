/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there at the start. A segment that has a successor ends where the successor's header says;
 * what lies behind was taken back when a sync had failed. Otherwise it ends with its last valid
 * record. Anything may be wrong with any file: none of it keeps the agent from starting.
 */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

void spool_losses_missing(struct spool *spool, uint64_t first, uint64_t last)
{
	struct spool_losses *losses = &spool->losses;

	if (!losses->missing || first < losses->missing_first)
		losses->missing_first = first;
	if (!losses->missing || last > losses->missing_last)
		losses->missing_last = last;
	losses->missing += last - first + 1;
	spool->has_losses = true;
}

static void losses_bad(struct spool *spool, size_t bytes)
{
	spool->losses.bad_bytes += bytes;
	spool->losses.bad_segments++;
	spool->has_losses = true;
}

struct leftovers {
	const struct spool_files *files;
	uint64_t bad[SPOOL_BAD_MAX]; /* the youngest, the oldest of them first */
	size_t count;
	uint64_t last_number;
};

static void unlink_name(const struct spool_files *files, uint64_t number, enum spool_suffix what)
{
	char name[SPOOL_NAME_SIZE];

	spool_name(number, what, name);
	(void)files->unlink(files->disk, name); /* the next start tries again */
}

static void keep_bad(struct leftovers *leftovers, uint64_t number)
{
	size_t at = leftovers->count;

	if (leftovers->count == SPOOL_BAD_MAX) {
		if (number < leftovers->bad[0]) {
			unlink_name(leftovers->files, number, SPOOL_SUFFIX_BAD);
			return;
		}
		unlink_name(leftovers->files, leftovers->bad[0], SPOOL_SUFFIX_BAD);
		memmove(leftovers->bad, leftovers->bad + 1,
			(SPOOL_BAD_MAX - 1) * sizeof(leftovers->bad[0]));
		at = --leftovers->count;
	}
	for (; at && leftovers->bad[at - 1] > number; at--)
		leftovers->bad[at] = leftovers->bad[at - 1];
	leftovers->bad[at] = number;
	leftovers->count++;
}

static void on_leftover(enum spool_suffix what, uint64_t number, void *userdata)
{
	struct leftovers *leftovers = userdata;

	if (number > leftovers->last_number)
		leftovers->last_number = number;
	if (what == SPOOL_SUFFIX_NEW) /* of a start that was interrupted */
		unlink_name(leftovers->files, number, SPOOL_SUFFIX_NEW);
	if (what == SPOOL_SUFFIX_BAD)
		keep_bad(leftovers, number);
}

/* Old ones go, and the number that a new one will have is above all. */
static int leftovers_clear(struct spool *spool, uint64_t **ret_numbers, size_t *ret_count)
{
	struct leftovers leftovers = {.files = &spool->files};
	int r;

	r = spool_list(&spool->files, ret_numbers, ret_count, on_leftover, &leftovers);
	if (r < 0)
		return r;
	spool->next_number = leftovers.last_number + 1;
	if (*ret_count && (*ret_numbers)[*ret_count - 1] >= spool->next_number)
		spool->next_number = (*ret_numbers)[*ret_count - 1] + 1;
	return 0;
}

/* No segment at all: the file as it is becomes NUMBER.bad, but for one of zeros. */
static void set_apart(struct spool *spool, uint64_t number, const uint8_t *bytes, size_t size)
{
	const struct spool_files *files = &spool->files;
	char from[SPOOL_NAME_SIZE], to[SPOOL_NAME_SIZE];

	while (size && bytes && !bytes[size - 1])
		size--;
	if (!size) {
		unlink_name(files, number, SPOOL_SUFFIX_SEGMENT);
		return;
	}
	losses_bad(spool, size);
	spool_name(number, SPOOL_SUFFIX_SEGMENT, from);
	spool_name(number, SPOOL_SUFFIX_BAD, to);
	(void)files->rename(files->disk, from, to); /* the next start tries again */
}

/* What is behind the valid part of a file goes to NUMBER.bad, then the file is its valid part. */
static int cut(struct spool *spool, const struct spool_scan *scan)
{
	const struct spool_files *files = &spool->files;
	const struct spool_segment *segment = &scan->segment;
	uint64_t at = 0;
	char name[SPOOL_NAME_SIZE];
	int file, r;

	spool_name(segment->number, SPOOL_SUFFIX_BAD, name);
	file = files->create(files->disk, name);
	if (file < 0)
		return file;
	r = files->write(files->disk, file, scan->bytes, segment->header_size, at);
	at += segment->header_size;
	if (r == 0)
		r = files->write(files->disk, file, segment->link, SEGMENT_HASH_SIZE, at);
	at += SEGMENT_HASH_SIZE;
	if (r == 0)
		r = files->write(
			files->disk, file, scan->bytes + segment->used, scan->bad_bytes, at);
	if (r == 0)
		r = files->sync(files->disk, file);
	files->close(files->disk, file);
	if (r < 0) {
		unlink_name(files, segment->number, SPOOL_SUFFIX_BAD);
		return r;
	}
	return spool_publish(files, segment->number, scan->bytes, (size_t)segment->used);
}

/* Cuts when there is something to cut. Where that fails the next start finds it again. */
static void scan_keep(
	struct spool *spool, const struct spool_scan *scan, struct spool_segment *ret_segment)
{
	*ret_segment = scan->segment;
	if (!scan->bad_bytes)
		return;
	losses_bad(spool, scan->bad_bytes);
	if (cut(spool, scan) == 0)
		ret_segment->file_size = scan->segment.used;
}

/* What will not be otherwise when it is tried again. */
static bool is_hopeless(int r)
{
	return r == -EIO || r == -EFBIG || r == -EINVAL || r == -ELOOP;
}

static int recover_one(struct spool *spool, const uint64_t *numbers, size_t count)
{
	uint8_t stop[SEGMENT_HASH_SIZE];
	auto_free uint8_t *bytes = NULL;
	struct spool_scan scan = {.number = numbers[0]};
	struct spool_segment segment;
	int r;

	r = spool_load(&spool->files, numbers[0], &bytes, &scan.size);
	if (is_hopeless(r)) {
		set_apart(spool, numbers[0], NULL, 1);
		return 0;
	}
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	scan.bytes = bytes;
	scan.stop = spool_find_stop(&spool->files, numbers + 1, count - 1, stop) ? stop : NULL;
	/* One that begins with numbers of the one before would bring them twice: it is not ours. */
	if (spool_scan(&scan) < 0 ||
		(spool->count && scan.segment.first_sequence < spool->next_sequence)) {
		set_apart(spool, numbers[0], bytes, scan.size);
		return 0;
	}
	scan_keep(spool, &scan, &segment);
	if (spool->count && segment.records && segment.first_sequence > spool->next_sequence)
		spool_losses_missing(spool, spool->next_sequence, segment.first_sequence - 1);
	return spool_add_segment(spool, &segment);
}

/* On a full disk: the same bytes once more to the same place, so that a sync has something to write. */
static int settle_in_place(
	struct spool *spool, const struct spool_segment *segment, const uint8_t *bytes)
{
	const struct spool_files *files = &spool->files;
	char name[SPOOL_NAME_SIZE];
	int file, r;

	spool_name(segment->number, SPOOL_SUFFIX_SEGMENT, name);
	file = files->open(files->disk, name, true);
	if (file < 0)
		return file;
	r = files->write(files->disk, file, bytes, (size_t)segment->used, 0);
	if (r == 0)
		r = files->sync(files->disk, file);
	files->close(files->disk, file);
	return r < 0 ? r : files->sync_directory(files->disk);
}

/*
 * What is found at a start may be read and sent from then on: a power cut must not take it. Segments
 * before the last were synced when they ended; the last one may be from a process that was killed, or
 * one that had failed to sync: that it can be read does not say that it is on disk, and nor does
 * another sync (what a failed one could not write the kernel takes for written). So it is written
 * anew, unless that was done already; and without the space that it did not use.
 */
static int settle(struct spool *spool)
{
	const struct spool_files *files = &spool->files;
	struct spool_segment *last = spool->count ? &spool->segments[spool->count - 1] : NULL;
	auto_free uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	if (!last || last->file_size == last->used)
		return files->sync_directory(files->disk);
	r = spool_load(files, last->number, &bytes, &size);
	if (r < 0)
		return r;
	if (size < last->used)
		return -EIO;
	r = spool_publish(files, last->number, bytes, (size_t)last->used);
	if (r == -ENOSPC)
		return settle_in_place(spool, last, bytes);
	if (r < 0)
		return r;
	spool->bytes -= last->file_size - last->used;
	last->file_size = last->used;
	return 0;
}

int spool_recover(struct spool *spool)
{
	auto_free uint64_t *numbers = NULL;
	size_t count = 0;
	int r;

	r = leftovers_clear(spool, &numbers, &count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		r = recover_one(spool, numbers + i, count - i);
		if (r < 0)
			return r;
	}
	r = settle(spool);
	if (r < 0)
		return r;
	spool->synced_sequence = spool->next_sequence - 1;
	memcpy(spool->synced_link, spool->link, SEGMENT_HASH_SIZE);
	return 0;
}

int spool_mend(struct spool *spool, size_t index)
{
	struct spool_segment *segment = &spool->segments[index];
	const uint64_t last = segment->last_sequence;
	auto_free uint8_t *bytes = NULL;
	struct spool_scan scan = {.number = segment->number};
	int r;

	r = spool_load(&spool->files, segment->number, &bytes, &scan.size);
	if (r < 0)
		return r;
	if (scan.size > segment->used)
		scan.size = (size_t)segment->used; /* behind it is nothing that counts */
	scan.bytes = bytes;
	spool->bytes -= segment->file_size;
	if (spool_scan(&scan) < 0) {
		set_apart(spool, segment->number, bytes, scan.size);
		scan.segment = *segment;
		scan.segment.last_sequence = segment->first_sequence - 1;
		scan.segment.file_size = scan.segment.used = scan.segment.records = 0;
		scan.segment.alerts = scan.segment.pruned = scan.segment.lost = 0;
		scan.segment.prunable = 0;
		*segment = scan.segment;
	} else {
		scan_keep(spool, &scan, segment);
	}
	spool->bytes += segment->file_size;
	spool->cursor.number = 0; /* what it knew of offsets is past */
	if (segment->last_sequence >= last)
		return -EIO; /* it is whole when it is looked at again */
	spool_losses_missing(spool, segment->last_sequence + 1, last);
	return 0;
}
