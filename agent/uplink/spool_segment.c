/* SPDX-License-Identifier: Apache-2.0 */
/* One segment's file: its names, its bytes, what in them is valid, how a whole one comes to be. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

#define DIGITS 16

static const char *const suffixes[] = {
	[SPOOL_SUFFIX_SEGMENT] = ".seg",
	[SPOOL_SUFFIX_NEW] = ".new",
	[SPOOL_SUFFIX_BAD] = ".bad",
};

void spool_name(uint64_t number, enum spool_suffix what, char ret_name[SPOOL_NAME_SIZE])
{
	(void)snprintf(ret_name, SPOOL_NAME_SIZE, "%016" PRIx64 "%s", number, suffixes[what]);
}

enum spool_suffix spool_name_parse(const char *name, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned int i = 0; i < DIGITS; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = name[i] ? strchr(digits, name[i]) : NULL;

		if (!digit)
			return SPOOL_SUFFIX_NONE;
		number = number << 4 | (uint64_t)(digit - digits);
	}
	/* the last number is not used: there is always a next one */
	if (!number || number == UINT64_MAX)
		return SPOOL_SUFFIX_NONE;
	for (unsigned int i = SPOOL_SUFFIX_SEGMENT; i <= SPOOL_SUFFIX_BAD; i++)
		if (!strcmp(name + DIGITS, suffixes[i])) {
			*ret_number = number;
			return (enum spool_suffix)i;
		}
	return SPOOL_SUFFIX_NONE;
}

struct listing {
	uint64_t numbers[SPOOL_SEGMENTS_MAX];
	size_t count;
	void (*other)(enum spool_suffix what, uint64_t number, void *userdata);
	void *userdata;
};

static void list_name(const char *name, void *userdata)
{
	struct listing *listing = userdata;
	uint64_t number;
	enum spool_suffix what = spool_name_parse(name, &number);

	if (what == SPOOL_SUFFIX_SEGMENT && listing->count < SPOOL_SEGMENTS_MAX)
		listing->numbers[listing->count++] = number;
	else if (what != SPOOL_SUFFIX_NONE && listing->other)
		listing->other(what, number, listing->userdata);
}

static int compare_numbers(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int spool_list(const struct spool_files *files, uint64_t **ret_numbers, size_t *ret_count,
	void (*other)(enum spool_suffix what, uint64_t number, void *userdata), void *userdata)
{
	auto_free struct listing *listing = calloc(1, sizeof(*listing));
	auto_free uint64_t *numbers = NULL;
	int r;

	if (!listing)
		return -ENOMEM;
	listing->other = other;
	listing->userdata = userdata;
	r = files->list(files->disk, list_name, listing);
	if (r < 0)
		return r;
	numbers = malloc((listing->count + 1) * sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	memcpy(numbers, listing->numbers, listing->count * sizeof(*numbers));
	qsort(numbers, listing->count, sizeof(*numbers), compare_numbers);
	*ret_count = listing->count;
	*ret_numbers = take_ptr(numbers);
	return 0;
}

int spool_load(
	const struct spool_files *files, uint64_t number, uint8_t **ret_bytes, size_t *ret_size)
{
	auto_free uint8_t *bytes = NULL;
	char name[SPOOL_NAME_SIZE];
	int64_t size, got = -EFBIG;
	int file;

	spool_name(number, SPOOL_SUFFIX_SEGMENT, name);
	file = files->open(files->disk, name, false);
	if (file < 0)
		return file;
	size = files->size(files->disk, file);
	if (size < 0)
		got = size;
	else if (size <= SPOOL_SEGMENT_SIZE_MAX) {
		bytes = malloc((size_t)size + 1);
		got = bytes ? files->read(files->disk, file, bytes, (size_t)size, 0) : -ENOMEM;
	}
	files->close(files->disk, file);
	if (got < 0)
		return (int)got;
	*ret_size = (size_t)got;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

static bool previous_of(
	const struct spool_files *files, uint64_t number, uint8_t ret_link[SEGMENT_HASH_SIZE])
{
	uint8_t bytes[SEGMENT_HEADER_MAX];
	struct segment_header header;
	struct bytes_reader reader;
	char name[SPOOL_NAME_SIZE];
	int64_t got;
	int file;

	spool_name(number, SPOOL_SUFFIX_SEGMENT, name);
	file = files->open(files->disk, name, false);
	if (file < 0)
		return false;
	got = files->read(files->disk, file, bytes, sizeof(bytes), 0);
	files->close(files->disk, file);
	bytes_reader_init(&reader, bytes, got > 0 ? (size_t)got : 0);
	if (segment_header_parse(&reader, &header) < 0 || header.number != number)
		return false;
	memcpy(ret_link, header.previous, SEGMENT_HASH_SIZE);
	return true;
}

bool spool_find_stop(const struct spool_files *files, const uint64_t *numbers, size_t count,
	uint8_t ret_link[SEGMENT_HASH_SIZE])
{
	for (size_t i = 0; i < count; i++)
		if (previous_of(files, numbers[i], ret_link))
			return true;
	return false;
}

const uint8_t *spool_segment_end(const struct spool_segment *segment)
{
	return segment->records ? segment->link : segment->previous;
}

void spool_count_record(struct spool_segment *segment, const struct segment_record *record)
{
	segment->records++;
	segment->used += record->size;
	segment->last_sequence = record->first_sequence + record->count - 1;
	memcpy(segment->link, record->link, SEGMENT_HASH_SIZE);
	if (record->is_pruned)
		segment->pruned += record->count;
	else if (record->kind == SEGMENT_NORMAL)
		segment->prunable++;
	if (record->kind == SEGMENT_ALERT)
		segment->alerts += record->count;
	if (record->kind == SEGMENT_LOST)
		segment->lost += record->count;
}

static bool is_at_stop(const struct spool_scan *scan)
{
	return scan->stop &&
	       !memcmp(spool_segment_end(&scan->segment), scan->stop, SEGMENT_HASH_SIZE);
}

int spool_scan(struct spool_scan *scan)
{
	const struct segment_header *header = &scan->header;
	struct segment_record record;
	struct bytes_reader reader;
	struct segment_run run;
	size_t end = scan->size;
	int r;

	bytes_reader_init(&reader, scan->bytes, scan->size);
	r = segment_header_parse(&reader, &scan->header);
	if (r < 0)
		return r;
	if (header->number != scan->number)
		return -EBADMSG;
	scan->segment = (struct spool_segment){
		.number = header->number,
		.first_sequence = header->first_sequence,
		.last_sequence = header->first_sequence - 1,
		.made_ms = header->made_ms,
		.file_size = scan->size,
		.used = header->size,
		.header_size = (uint32_t)header->size,
	};
	memcpy(scan->segment.previous, header->previous, SEGMENT_HASH_SIZE);
	memcpy(scan->segment.link, header->hash, SEGMENT_HASH_SIZE);
	segment_run_begin(&run, header, reader.at, reader.left);
	scan->bad_bytes = 0;
	while (!(scan->is_stopped = is_at_stop(scan)) && segment_run_next(&run, &record) > 0)
		spool_count_record(&scan->segment, &record);
	if (scan->is_stopped)
		return 0;
	while (end > scan->segment.used && !scan->bytes[end - 1])
		end--;
	scan->bad_bytes = end - scan->segment.used;
	return 0;
}

int spool_publish(
	const struct spool_files *files, uint64_t number, const uint8_t *bytes, size_t size)
{
	char fresh[SPOOL_NAME_SIZE], name[SPOOL_NAME_SIZE];
	int file, r;

	spool_name(number, SPOOL_SUFFIX_NEW, fresh);
	spool_name(number, SPOOL_SUFFIX_SEGMENT, name);
	file = files->create(files->disk, fresh);
	if (file < 0)
		return file;
	r = files->write(files->disk, file, bytes, size, 0);
	if (r == 0)
		r = files->sync(files->disk, file);
	files->close(files->disk, file);
	if (r == 0)
		r = files->rename(files->disk, fresh, name);
	if (r < 0) {
		(void)files->unlink(files->disk, fresh); /* the next start does, otherwise */
		return r;
	}
	return files->sync_directory(files->disk);
}
