/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments that nobody can open any more, as the console has destroyed the key that they are sealed to; or that nobody
 * is to have, as this device is wiped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink/spool_private.h"
#include "common/bytes.h"

/* Whether it is sealed to that key; -EBADMSG: it has no header, and is as good as foreign. */
static int is_sealed_to(const struct spool *spool, uint64_t number, const uint8_t *key_id)
{
	auto_free uint8_t *bytes = NULL;
	struct segment_header header;
	struct bytes_reader reader;
	size_t size;
	int r;

	r = spool_load(&spool->files, number, &bytes, &size);
	if (r < 0)
		return r;
	bytes_reader_init(&reader, bytes, size);
	r = segment_header_parse(&reader, &header);
	if (r < 0)
		return r;
	return !memcmp(header.key_id, key_id, HPKE_KEY_ID_SIZE);
}

static int drop_oldest(struct spool *spool)
{
	const struct spool_segment segment = spool->segments[0];
	uint64_t first = segment.first_sequence;
	int r;

	if (!spool_may_remove_oldest(spool)) {
		r = spool_begin_segment(spool); /* says where the spool stands */
		if (r < 0)
			return r;
	}
	r = spool_remove_segment(spool, 0);
	if (r < 0)
		return r;
	if (first <= spool->acked_sequence)
		first = spool->acked_sequence + 1;
	if (segment.records && first <= segment.last_sequence)
		spool_losses_missing(spool, first, segment.last_sequence);
	spool->cursor = (struct spool_cursor){0};
	return 0;
}

int spool_drop_foreign(struct spool *spool)
{
	uint8_t key_id[HPKE_KEY_ID_SIZE];
	int count = 0, r;

	r = hpke_key_id(spool->options.console_key, key_id);
	while (r == 0 && spool->count) {
		r = is_sealed_to(spool, spool->segments[0].number, key_id);
		if (r > 0)
			break;
		if (r < 0 && r != -EBADMSG)
			return r;
		r = drop_oldest(spool);
		count += r == 0;
	}
	return r < 0 ? r : count;
}

int spool_drop_all(struct spool *spool)
{
	int r = 0;

	while (r == 0 && (spool->count > 1 || (spool->count && spool->segments[0].records)))
		r = drop_oldest(spool);
	return r;
}
