/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may lie in a spool's directory: a true spool of some segments, changed, cut, swapped, copied;
 * and files of any bytes under any name. What must hold: the spool opens, takes an alert, gives
 * every number once and in order, forgets what is acknowledged, and opens again where it stood.
 */
#include <assert.h>
#include <stdlib.h>

#include "agent/uplink/spool_private.h"
#include "tests/unit/segment_fixture.h"
#include "tests/unit/spool_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEGMENTS  5
#define FILE_SIZE 4096
#define STEP_SIZE 6
#define SIGNATURE 70 /* bytes, so that offsets are the same each time */

static struct disk disk;
static struct spool_files files;
static struct spool_options options;
static uint8_t template[SEGMENTS][FILE_SIZE];

static int sign(const void *bytes, size_t size, uint8_t *ret_signature, size_t *ret_signature_size,
	void *userdata)
{
	(void)bytes, (void)size, (void)userdata; /* by nobody */
	memset(ret_signature, 0x30, SIGNATURE);
	*ret_signature_size = SIGNATURE;
	return 0;
}

static int append(struct spool *spool, enum segment_kind kind)
{
	const uint64_t first = spool_next_sequence(spool);
	char lines[5 * FIXTURE_LINE_SIZE + 1];

	number_lines(first, 5, lines);
	return spool_append(
		spool, &(struct segment_frame){first, 5, kind, lines, sizeof(lines) - 1});
}

static void file_put(const char *name, const uint8_t *bytes, size_t size)
{
	int file = disk_create(&disk, name);

	assert(file >= 0);
	if (disk_write(&disk, file, bytes, size, 0) < 0)
		abort();
	disk_close(&disk, file);
}

static void template_make(void)
{
	uint8_t private_key[HPKE_KEY_SIZE];
	struct spool *spool = NULL;
	char name[SPOOL_NAME_SIZE];
	int r = hpke_key_generate(private_key, options.console_key);

	assert(r == 0);
	disk_make(&disk, 1, &files);
	options.sign = sign;
	options.segment_size = FILE_SIZE;
	options.size_max = 16 * FILE_SIZE;
	options.files = &files;
	r = spool_open(NULL, &options, &spool);
	assert(r == 0);
	for (unsigned int i = 0;
		spool->next_number <= SEGMENTS || spool->segments[SEGMENTS - 1].records < 3; i++) {
		r = append(spool, i % 7 ? SEGMENT_NORMAL : SEGMENT_ALERT);
		assert(r == 0);
	}
	spool_free(spool);
	for (uint64_t i = 0; i < SEGMENTS; i++) {
		int file;

		spool_name(i + 1, SPOOL_SUFFIX_SEGMENT, name);
		file = disk_open(&disk, name, false);
		assert(file >= 0);
		if (disk_read(&disk, file, template[i], FILE_SIZE, 0) != FILE_SIZE)
			abort();
	}
	disk_done(&disk);
}

/* One change: {what, which file, where u16, how much, with what}. */
static size_t change(
	uint8_t now[SEGMENTS][FILE_SIZE], size_t sizes[SEGMENTS], const uint8_t *step, size_t size)
{
	uint8_t *file = now[step[1] % SEGMENTS];
	const size_t at = (size_t)(step[2] | step[3] << 8) % FILE_SIZE;
	const size_t most = at + step[4] < FILE_SIZE ? step[4] : FILE_SIZE - at;
	char name[SPOOL_NAME_SIZE];

	switch (step[0] % 8) {
	case 0:
		file[at] ^= step[5];
		break;
	case 1:
		memset(file + at, step[5], most);
		break;
	case 2:
		sizes[step[1] % SEGMENTS] = at; /* 0 = there is none */
		break;
	case 3:
		memcpy(file, now[step[5] % SEGMENTS], FILE_SIZE);
		break;
	case 4:
		memmove(file + at, file + at + most, FILE_SIZE - at - most);
		break;
	case 5: /* under another number */
		spool_name(step[2], SPOOL_SUFFIX_SEGMENT, name);
		if (step[2])
			file_put(name, file, FILE_SIZE);
		break;
	case 6: /* any bytes */
		if (most > size - STEP_SIZE)
			break;
		spool_name(step[2] ? step[2] : UINT64_MAX - step[3],
			(enum spool_suffix)(SPOOL_SUFFIX_SEGMENT + step[5] % 3), name);
		file_put(name, step + STEP_SIZE, most);
		return STEP_SIZE + most;
	default: /* the same again, so that links fit: two segments of one place */
		memcpy(now[(step[1] + 1) % SEGMENTS], template[step[5] % SEGMENTS], FILE_SIZE);
	}
	return STEP_SIZE;
}

static void directory_make(const uint8_t *data, size_t size)
{
	static uint8_t now[SEGMENTS][FILE_SIZE];
	size_t sizes[SEGMENTS], step;
	char name[SPOOL_NAME_SIZE];

	memcpy(now, template, sizeof(now));
	for (size_t i = 0; i < SEGMENTS; i++)
		sizes[i] = FILE_SIZE;
	for (; size >= STEP_SIZE && disk.change_count < DISK_NAMES / 2;
		data += step, size -= step) {
		step = change(now, sizes, data, size);
		if (step > size)
			break;
	}
	for (size_t i = 0; i < SEGMENTS; i++) {
		spool_name(i + 1, SPOOL_SUFFIX_SEGMENT, name);
		if (sizes[i])
			file_put(name, now[i], sizes[i]);
	}
}

/* All that it gives, in order; the last number. */
static uint64_t read_all(struct spool *spool)
{
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = sizeof(bytes)};
	struct segment_record record;
	struct segment_header header;
	struct segment_run run;
	uint64_t after = 0;
	int r;

	while ((r = spool_read(spool, after, &batch)) > 0) {
		assert(batch.first_sequence > after && batch.last_sequence >= batch.first_sequence);
		if (segment_batch_parse(batch.bytes, batch.size, &header, &run) < 0)
			abort();
		while ((r = segment_run_next(&run, &record)) > 0) {
			assert(record.first_sequence > after);
			after = record.first_sequence + record.count - 1;
		}
		assert(r == 0 && after == batch.last_sequence);
	}
	assert(r == 0);
	return after;
}

static void use(void)
{
	struct spool *spool = NULL;
	struct spool_status status;
	struct spool_losses losses;
	struct spool_proof proof;
	uint64_t next;
	int r;

	r = spool_verify_files(&files, NULL, &proof);
	assert(r == 0);
	r = spool_open(NULL, &options, &spool);
	assert(r == 0);
	(void)spool_take_losses(spool, &losses); /* there may be any */
	r = append(spool, SEGMENT_ALERT);
	next = spool_next_sequence(spool);
	if (r == 0) {
		assert(spool_synced_sequence(spool) == next - 1);
		assert(read_all(spool) == next - 1);
	} else {
		/* numbers at their end, of files or of events */
		assert(r == -EOVERFLOW ||
			(r == -EINVAL && next > UINT64_MAX - 2 * SEGMENT_EVENTS_MAX));
		(void)read_all(spool); /* what there is */
	}
	spool_status(spool, &status);
	spool_free(spool);

	r = spool_open(NULL, &options, &spool);
	assert(r == 0 && spool_next_sequence(spool) == next);
	assert(!spool_take_losses(spool, &losses) || losses.missing);
	r = spool_ack(spool, UINT64_MAX);
	assert(r == 0);
	spool_status(spool, &status);
	assert(!status.waiting);
	spool_free(spool);
	r = spool_open(NULL, &options, &spool);
	assert(r == 0 && spool_next_sequence(spool) == next);
	spool_free(spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!options.sign)
		template_make();
	disk_make(&disk, 1, &files);
	directory_make(data, size);
	use();
	disk_done(&disk);
	return 0;
}
