/* SPDX-License-Identifier: Apache-2.0 */
/* A spool in a directory of its own, and a console that reads it: for the tests of the spool. */
#ifndef HOLDFAST_TESTS_UNIT_SPOOL_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_SPOOL_FIXTURE_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/uplink/spool.h"
#include "tests/unit/segment_fixture.h"

#define SMALL 4096 /* bytes of a segment */

static struct fixture_keys keys;
static char directory[] = "/tmp/holdfast-spool-XXXXXX";
static int directory_fd;
static struct spool_options options;

static inline void fixture_make(void)
{
	fixture_keys_make(&keys);
	cr_assert(mkdtemp(directory), "cannot make '%s'", directory);
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(directory_fd, 0);
	options = (struct spool_options){.device_uid = "device",
		.boot_uid = "boot",
		.sign = fixture_sign,
		.userdata = &keys};
	memcpy(options.console_key, keys.public_key, HPKE_KEY_SIZE);
}

static inline void fixture_unmake(void)
{
	DIR *entries = opendir(directory);

	for (struct dirent *entry = entries ? readdir(entries) : NULL; entry;
		entry = readdir(entries))
		if (unlinkat(dirfd(entries), entry->d_name, 0) < 0)
			(void)unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	if (entries)
		(void)closedir(entries);
	(void)rmdir(directory); /* what is left in /tmp is no failure of the spool */
	(void)close(directory_fd);
	EVP_PKEY_free(keys.device);
}

static inline struct spool *spool_of(void)
{
	struct spool *spool = NULL;

	cr_assert_eq(spool_open(directory, &options, &spool), 0);
	return spool;
}

static inline int append(
	struct spool *spool, uint64_t first, uint32_t count, enum segment_kind kind)
{
	static char lines[SEGMENT_EVENTS_MAX * FIXTURE_LINE_SIZE + 1];

	number_lines(first, count, lines);
	return spool_append(spool,
		&(struct segment_frame){first, count, kind, lines, count * FIXTURE_LINE_SIZE});
}

/* Frames of ten up to that number, synced. */
static inline void fill(struct spool *spool, uint64_t last)
{
	while (spool_next_sequence(spool) <= last)
		cr_assert_eq(append(spool, spool_next_sequence(spool), 10, SEGMENT_NORMAL), 0);
	cr_assert_eq(spool_sync(spool, true), 0);
}

struct seen {
	uint64_t first, last, events, gaps, alerts, pruned, lost;
	unsigned int batches, records;
};

static inline void see_record(
	struct seen *seen, struct segment_opener *opener, const struct segment_record *record)
{
	char wanted[SEGMENT_EVENTS_MAX * FIXTURE_LINE_SIZE + 1];
	auto_free char *lines = NULL;
	size_t size;

	if (!seen->first)
		seen->first = record->first_sequence;
	else if (record->first_sequence != seen->last + 1)
		seen->gaps++;
	seen->last = record->first_sequence + record->count - 1;
	seen->events += record->count;
	seen->records++;
	if (record->is_pruned) {
		seen->pruned += record->count;
		return;
	}
	cr_assert_eq(segment_open_record(opener, record, &lines, &size), 0);
	if (record->kind == SEGMENT_LOST) {
		seen->lost += record->count;
		return;
	}
	if (record->kind == SEGMENT_ALERT)
		seen->alerts += record->count;
	number_lines(record->first_sequence, record->count, wanted);
	cr_assert_eq(size, record->count * FIXTURE_LINE_SIZE);
	cr_assert_eq(memcmp(lines, wanted, size), 0);
}

/* All that can be read behind a number, opened and compared. */
static inline struct seen see(struct spool *spool, uint64_t after)
{
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = sizeof(bytes)};
	struct seen seen = {0};
	int r;

	while ((r = spool_read(spool, after, &batch)) > 0) {
		auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
		struct segment_record record;
		struct segment_header header;
		struct segment_run run;

		cr_assert_eq(segment_batch_parse(batch.bytes, batch.size, &header, &run), 0);
		cr_assert_eq(segment_header_verify(&header, keys.device), 0);
		cr_assert_eq(segment_opener_new(&header, keys.private_key, &opener), 0);
		while ((r = segment_run_next(&run, &record)) > 0)
			see_record(&seen, opener, &record);
		cr_assert_eq(r, 0);
		cr_assert_eq(seen.last, batch.last_sequence);
		after = batch.last_sequence;
		seen.batches++;
	}
	cr_assert_eq(r, 0);
	return seen;
}

static inline const char *name_of(uint64_t number, const char *suffix)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".%s", number, suffix);
	return name;
}

/* -1 = there is none. */
static inline long size_of(uint64_t number, const char *suffix)
{
	struct stat status;

	return fstatat(directory_fd, name_of(number, suffix), &status, 0) < 0
		       ? -1
		       : (long)status.st_size;
}

/* Bits of one byte change; offset from the end when negative. */
static inline void damage(uint64_t number, long offset)
{
	int fd = openat(directory_fd, name_of(number, "seg"), O_RDWR | O_CLOEXEC);
	uint8_t byte;

	cr_assert_geq(fd, 0);
	if (offset < 0)
		offset += size_of(number, "seg");
	cr_assert_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= 0x55;
	cr_assert_eq(pwrite(fd, &byte, 1, offset), 1);
	(void)close(fd); /* written */
}

static inline void file_make(const char *name, const char *text)
{
	int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd); /* written */
}

static inline bool is_well(const struct spool_proof *proof)
{
	return !proof->missing && !proof->bad_signatures && !proof->broken_links &&
	       !proof->bad_segments;
}

static inline struct spool_proof prove(void)
{
	struct spool_proof proof;

	cr_assert_eq(spool_verify(directory, keys.device, &proof), 0);
	return proof;
}

static inline void expect_no_losses(struct spool *spool)
{
	struct spool_losses losses;

	cr_expect_not(spool_take_losses(spool, &losses));
}

#endif
