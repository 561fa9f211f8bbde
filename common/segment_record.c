/* SPDX-License-Identifier: Apache-2.0 */
/* Records: bytes to members, links, and what pruning leaves. */
#include <errno.h>
#include <string.h>

#include "common/segment_private.h"

/* Content of a pruned record: the size before, the hash of the content before. */
#define PRUNED_CONTENT (4 + SEGMENT_HASH_SIZE)

static void put_fixed(struct bytes_writer *writer, const struct segment_record *record,
	uint32_t size, bool is_pruned)
{
	bytes_put_u32(writer, size);
	bytes_put_u32(writer, record->index);
	bytes_put_u64(writer, record->first_sequence);
	bytes_put_u32(writer, record->count);
	bytes_put_u8(writer, (uint8_t)record->kind);
	bytes_put_u8(writer, is_pruned);
	bytes_put_u32(writer, record->raw_size);
}

void segment_fixed(
	const struct segment_record *record, uint32_t size, uint8_t ret_fixed[SEGMENT_FIXED_SIZE])
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_fixed, SEGMENT_FIXED_SIZE);
	put_fixed(&writer, record, size, false);
}

void segment_aad(const struct segment_header *header, const uint8_t before[SEGMENT_HASH_SIZE],
	const uint8_t fixed[SEGMENT_FIXED_SIZE], uint8_t ret_aad[SEGMENT_AAD_SIZE])
{
	memcpy(ret_aad, header->hash, SEGMENT_HASH_SIZE);
	memcpy(ret_aad + SEGMENT_HASH_SIZE, before, SEGMENT_HASH_SIZE);
	memcpy(ret_aad + 2 * SEGMENT_HASH_SIZE, fixed, SEGMENT_FIXED_SIZE);
}

int segment_link(const uint8_t before[SEGMENT_HASH_SIZE], const uint8_t fixed[SEGMENT_FIXED_SIZE],
	const uint8_t content_hash[SEGMENT_HASH_SIZE], uint8_t ret_link[SEGMENT_HASH_SIZE])
{
	const struct digest_piece record[] = {
		{fixed, SEGMENT_FIXED_SIZE}, {content_hash, SEGMENT_HASH_SIZE}};
	uint8_t hash[SEGMENT_HASH_SIZE];
	const struct digest_piece link[] = {{before, SEGMENT_HASH_SIZE}, {hash, SEGMENT_HASH_SIZE}};
	int r;

	r = digest_of(record, 2, hash);
	if (r < 0)
		return r;
	return digest_of(link, 2, ret_link);
}

/* Whether members that the content does not prove are what a sealer would have written. */
static bool is_sane(const struct segment_record *record)
{
	if (!record->count || !record->first_sequence || record->index == UINT32_MAX ||
		record->first_sequence > UINT64_MAX - record->count)
		return false;
	switch (record->kind) {
	case SEGMENT_NORMAL:
	case SEGMENT_ALERT:
		if (record->count > SEGMENT_EVENTS_MAX || record->raw_size < record->count ||
			record->raw_size > SEGMENT_RAW_MAX)
			return false;
		if (record->is_pruned)
			return record->kind == SEGMENT_NORMAL &&
			       record->content_size == PRUNED_CONTENT;
		return record->content_size > HPKE_TAG_SIZE &&
		       record->content_size <= SEGMENT_CONTENT_MAX;
	case SEGMENT_LOST:
		return !record->is_pruned && !record->raw_size &&
		       record->content_size == HPKE_TAG_SIZE;
	case SEGMENT_KIND_MAX:
		break;
	}
	return false;
}

int segment_record_parse(struct bytes_reader *reader, struct segment_record *ret_record)
{
	struct bytes_reader at = *reader;
	struct segment_record record = {.bytes = reader->at};
	uint8_t kind, is_pruned;

	record.size = bytes_get_u32(&at);
	record.index = bytes_get_u32(&at);
	record.first_sequence = bytes_get_u64(&at);
	record.count = bytes_get_u32(&at);
	kind = bytes_get_u8(&at);
	is_pruned = bytes_get_u8(&at);
	record.raw_size = bytes_get_u32(&at);
	if (at.is_bad || record.size > reader->left ||
		record.size < SEGMENT_FIXED_SIZE + SEGMENT_HASH_SIZE || is_pruned > 1 ||
		kind >= SEGMENT_KIND_MAX)
		return -EBADMSG;
	record.kind = (enum segment_kind)kind;
	record.is_pruned = is_pruned;
	record.content = at.at;
	record.content_size = record.size - SEGMENT_FIXED_SIZE - SEGMENT_HASH_SIZE;
	record.link = record.content + record.content_size;
	if (!is_sane(&record))
		return -EBADMSG;
	bytes_reader_init(reader, reader->at + record.size, reader->left - record.size);
	*ret_record = record;
	return 0;
}

/* The size before, of a pruned record: one that a sealer could have written. */
static bool pruned_size(const struct segment_record *record, uint32_t *ret_size)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, record->content, record->content_size);
	*ret_size = bytes_get_u32(&reader);
	return *ret_size > SEGMENT_FIXED_SIZE + HPKE_TAG_SIZE + SEGMENT_HASH_SIZE &&
	       *ret_size <= SEGMENT_RECORD_MAX;
}

int segment_record_verify(
	const struct segment_record *record, const uint8_t before[SEGMENT_HASH_SIZE])
{
	uint8_t fixed[SEGMENT_FIXED_SIZE], hash[SEGMENT_HASH_SIZE], link[SEGMENT_HASH_SIZE];
	uint32_t size = (uint32_t)record->size;
	int r;

	if (record->is_pruned) {
		if (!pruned_size(record, &size))
			return -EBADMSG;
		memcpy(hash, record->content + 4, SEGMENT_HASH_SIZE);
	} else {
		r = digest_of(
			&(struct digest_piece){record->content, record->content_size}, 1, hash);
		if (r < 0)
			return r;
	}
	segment_fixed(record, size, fixed);
	r = segment_link(before, fixed, hash, link);
	if (r < 0)
		return r;
	return memcmp(link, record->link, sizeof(link)) == 0 ? 0 : -EBADMSG;
}

int segment_record_prune(
	const struct segment_record *record, uint8_t ret_bytes[SEGMENT_PRUNED_SIZE])
{
	uint8_t hash[SEGMENT_HASH_SIZE];
	struct bytes_writer writer;
	int r;

	if (record->is_pruned || record->kind != SEGMENT_NORMAL)
		return -EINVAL;
	r = digest_of(&(struct digest_piece){record->content, record->content_size}, 1, hash);
	if (r < 0)
		return r;
	bytes_writer_init(&writer, ret_bytes, SEGMENT_PRUNED_SIZE);
	put_fixed(&writer, record, SEGMENT_PRUNED_SIZE, true);
	bytes_put_u32(&writer, (uint32_t)record->size);
	bytes_put_blob(&writer, hash, SEGMENT_HASH_SIZE);
	bytes_put_blob(&writer, record->link, SEGMENT_HASH_SIZE);
	return 0;
}

void segment_run_begin(struct segment_run *ret_run, const struct segment_header *header,
	const void *bytes, size_t size)
{
	*ret_run = (struct segment_run){
		.next_sequence = header->first_sequence, .is_index_known = true};
	bytes_reader_init(&ret_run->reader, bytes, size);
	memcpy(ret_run->link, header->hash, SEGMENT_HASH_SIZE);
}

int segment_batch_parse(const void *bytes, size_t size, struct segment_header *ret_header,
	struct segment_run *ret_run)
{
	struct segment_header header;
	struct segment_run run = {0};
	int r;

	if (size > SEGMENT_BATCH_MAX)
		return -EMSGSIZE;
	bytes_reader_init(&run.reader, bytes, size);
	r = segment_header_parse(&run.reader, &header);
	if (r < 0)
		return r;
	bytes_get_blob(&run.reader, run.link, SEGMENT_HASH_SIZE);
	if (run.reader.is_bad)
		return -EBADMSG;
	if (!memcmp(run.link, header.hash, SEGMENT_HASH_SIZE)) {
		run.next_sequence = header.first_sequence;
		run.is_index_known = true;
	}
	*ret_header = header;
	*ret_run = run;
	return 0;
}

int segment_run_next(struct segment_run *run, struct segment_record *ret_record)
{
	struct bytes_reader at = run->reader;
	struct segment_record record;
	int r;

	if (!at.left && !at.is_bad)
		return 0;
	r = segment_record_parse(&at, &record);
	if (r < 0)
		return r;
	if (run->is_index_known ? record.index != run->next_index : !record.index)
		return -EBADMSG;
	if (run->next_sequence && record.first_sequence != run->next_sequence)
		return -EBADMSG;
	r = segment_record_verify(&record, run->link);
	if (r < 0)
		return r;
	memcpy(record.before, run->link, SEGMENT_HASH_SIZE);
	memcpy(run->link, record.link, SEGMENT_HASH_SIZE);
	run->reader = at;
	run->next_index = record.index + 1;
	run->is_index_known = true;
	run->next_sequence = record.first_sequence + record.count;
	*ret_record = record;
	return 1;
}
