/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in a spool's directory, proven as far as it can be without the console's key. */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

struct proving {
	const struct spool_files *files;
	EVP_PKEY *key;
	struct spool_proof proof;
	uint8_t link[SEGMENT_HASH_SIZE]; /* what the next header must name */
	bool has_link;
	bool has_sequence; /* proof.last_sequence is of the one before */
	bool is_last;	   /* segment: it may be being written to */
	const uint8_t *stop;
};

static void blame(struct proving *proving, uint64_t number)
{
	if (!proving->proof.bad_number)
		proving->proof.bad_number = number;
}

static void prove_bad(struct proving *proving, uint64_t number, size_t bytes)
{
	proving->proof.bad_segments++;
	proving->proof.bad_bytes += bytes;
	blame(proving, number);
}

/* Where it stands: after the one before, by link and by number. */
static void prove_place(struct proving *proving, const struct spool_segment *segment)
{
	struct spool_proof *proof = &proving->proof;

	if (proving->has_link && memcmp(proving->link, segment->previous, SEGMENT_HASH_SIZE) != 0) {
		proof->broken_links++;
		blame(proving, segment->number);
	}
	if (!segment->records)
		return;
	if (!proof->first_sequence)
		proof->first_sequence = segment->first_sequence;
	if (!proving->has_sequence)
		proving->has_sequence = true;
	else if (segment->first_sequence > proof->last_sequence + 1) {
		proof->missing += segment->first_sequence - proof->last_sequence - 1;
		blame(proving, segment->number);
	} else if (segment->first_sequence <= proof->last_sequence) {
		prove_bad(proving, segment->number, 0);
	}
	if (segment->last_sequence > proof->last_sequence)
		proof->last_sequence = segment->last_sequence;
	proof->events += segment->last_sequence + 1 - segment->first_sequence;
}

static void prove_segment(struct proving *proving, struct spool_scan *scan)
{
	struct spool_proof *proof = &proving->proof;
	const struct spool_segment *segment = &scan->segment;

	scan->stop = proving->stop;
	if (spool_scan(scan) < 0) {
		prove_bad(proving, scan->number, scan->size);
		return;
	}
	proof->segments++;
	prove_place(proving, segment);
	if (proving->key && segment_header_verify(&scan->header, proving->key) < 0) {
		proof->bad_signatures++;
		blame(proving, segment->number);
	}
	proof->records += segment->records;
	proof->alerts += segment->alerts;
	proof->pruned += segment->pruned;
	proof->lost += segment->lost;
	if (proving->is_last)
		proof->tail_bytes = scan->bad_bytes;
	else if (scan->bad_bytes)
		prove_bad(proving, segment->number, scan->bad_bytes);
	memcpy(proving->link, spool_segment_end(segment), SEGMENT_HASH_SIZE);
	proving->has_link = true;
}

static int prove_number(struct proving *proving, const uint64_t *numbers, size_t count)
{
	uint8_t stop[SEGMENT_HASH_SIZE];
	auto_free uint8_t *bytes = NULL;
	struct spool_scan scan = {.number = numbers[0]};
	int r;

	r = spool_load(proving->files, numbers[0], &bytes, &scan.size);
	if (r == -ENOENT) {
		/* The console had it in the meantime, and all before it. */
		proving->has_link = proving->has_sequence = false;
		return 0;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		prove_bad(proving, numbers[0], 0);
		return 0;
	}
	scan.bytes = bytes;
	proving->stop = spool_find_stop(proving->files, numbers + 1, count - 1, stop) ? stop : NULL;
	proving->is_last = count == 1;
	prove_segment(proving, &scan);
	return 0;
}

static void count_apart(enum spool_suffix what, uint64_t number, void *userdata)
{
	struct spool_proof *proof = userdata;

	(void)number;
	proof->apart += what == SPOOL_SUFFIX_BAD;
}

int spool_verify_files(
	const struct spool_files *files, EVP_PKEY *key, struct spool_proof *ret_proof)
{
	struct proving proving = {.files = files, .key = key};
	auto_free uint64_t *numbers = NULL;
	size_t count = 0;
	int r;

	r = spool_list(files, &numbers, &count, count_apart, &proving.proof);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		r = prove_number(&proving, numbers + i, count - i);
		if (r < 0)
			return r;
	}
	memcpy(proving.proof.link, proving.link, SEGMENT_HASH_SIZE);
	*ret_proof = proving.proof;
	return 0;
}

int spool_verify(const char *directory, EVP_PKEY *key, struct spool_proof *ret_proof)
{
	struct spool_files files;
	int r;

	r = spool_files_open(directory, false, &files);
	if (r < 0)
		return r;
	r = spool_verify_files(&files, key, ret_proof);
	spool_files_close(&files);
	return r;
}
