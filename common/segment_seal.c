/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sealing side. A sealer holds the only copy of a segment's key, and no record before the one
 * it writes.
 */
#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "common/segment_private.h"

#define LEVEL 1 /* more costs several times the CPU for a few per cent */

struct segment_sealer {
	struct segment_header header;
	struct hpke *hpke;
	ZSTD_CCtx *zstd;
	uint8_t link[SEGMENT_HASH_SIZE];
	uint64_t next_sequence;
	uint32_t next_index;
};

static int header_sign(const struct segment_plan *plan, struct segment_header *header)
{
	uint8_t signature[SEGMENT_SIGNATURE_MAX];
	size_t size = 0;
	struct bytes_writer writer;
	int r;

	bytes_writer_init(&writer, header->bytes, sizeof(header->bytes));
	segment_header_put_open(&writer, header);
	bytes_put_blob(&writer, header->enc, HPKE_ENC_SIZE);
	bytes_put_blob(&writer, header->previous, SEGMENT_HASH_SIZE);
	bytes_put_u64(&writer, header->made_ms);
	r = plan->sign(header->bytes, writer.used, signature, &size, plan->userdata);
	if (r < 0)
		return r;
	if (!size || size > sizeof(signature))
		return -EIO;
	bytes_put_u16(&writer, (uint16_t)size);
	bytes_put_blob(&writer, signature, size);
	header->size = writer.used;
	return digest_of(&(struct digest_piece){header->bytes, header->size}, 1, header->hash);
}

int segment_sealer_new(const struct segment_plan *plan, struct segment_sealer **ret_sealer)
{
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = calloc(1, sizeof(*sealer));
	uint8_t info[SEGMENT_INFO_SIZE];
	struct segment_header *header;
	int r;

	if (!sealer)
		return -ENOMEM;
	header = &sealer->header;
	memcpy(header->device_uid, plan->device_uid, SEGMENT_UID_SIZE);
	memcpy(header->boot_uid, plan->boot_uid, SEGMENT_UID_SIZE);
	memcpy(header->previous, plan->previous, SEGMENT_HASH_SIZE);
	header->number = plan->number;
	header->first_sequence = plan->first_sequence;
	header->made_ms = plan->made_ms;
	if (!header->number || !header->first_sequence)
		return -EINVAL;
	r = hpke_key_id(plan->console_key, header->key_id);
	if (r < 0)
		return r;
	segment_info(header, info);
	r = hpke_seal_begin(plan->console_key, info, sizeof(info), header->enc, &sealer->hpke);
	if (r < 0)
		return r;
	r = header_sign(plan, header);
	if (r < 0)
		return r;
	sealer->zstd = ZSTD_createCCtx();
	if (!sealer->zstd)
		return -ENOMEM;
	memcpy(sealer->link, header->hash, SEGMENT_HASH_SIZE);
	sealer->next_sequence = header->first_sequence;
	*ret_sealer = take_ptr(sealer);
	return 0;
}

void segment_sealer_free(struct segment_sealer *sealer)
{
	if (!sealer)
		return;
	hpke_free(sealer->hpke);
	ZSTD_freeCCtx(sealer->zstd);
	free(sealer);
}

const struct segment_header *segment_sealer_header(const struct segment_sealer *sealer)
{
	return &sealer->header;
}

static int frame_check(const struct segment_sealer *sealer, const struct segment_frame *frame)
{
	const char *at = frame->lines, *newline;
	size_t left = frame->size;
	uint32_t lines = 0;

	if (!frame->count || frame->first_sequence > UINT64_MAX - frame->count)
		return -EINVAL;
	if (frame->kind == SEGMENT_LOST) {
		if (frame->size)
			return -EINVAL;
	} else {
		if ((frame->kind != SEGMENT_NORMAL && frame->kind != SEGMENT_ALERT) ||
			frame->count > SEGMENT_EVENTS_MAX)
			return -EINVAL;
		if (left > SEGMENT_RAW_MAX)
			return -EMSGSIZE;
		if (left && memchr(at, '\0', left))
			return -EINVAL;
		for (; left; left -= (size_t)(newline + 1 - at), at = newline + 1, lines++) {
			newline = memchr(at, '\n', left);
			if (!newline)
				return -EINVAL;
		}
		if (lines != frame->count)
			return -EINVAL;
	}
	return frame->first_sequence == sealer->next_sequence ? 0 : -ERANGE;
}

/* Bytes of the lines compressed, 0 for none, or -EMSGSIZE. */
static int frame_compress(struct segment_sealer *sealer, const struct segment_frame *frame,
	uint8_t *ret_bytes, size_t size_max)
{
	size_t size;

	if (!frame->size)
		return 0;
	size = ZSTD_compressCCtx(
		sealer->zstd, ret_bytes, size_max, frame->lines, frame->size, LEVEL);
	return ZSTD_isError(size) ? -EMSGSIZE : (int)size;
}

int segment_seal(struct segment_sealer *sealer, const struct segment_frame *frame,
	uint8_t *ret_bytes, size_t *ret_size)
{
	uint8_t aad[SEGMENT_AAD_SIZE], hash[SEGMENT_HASH_SIZE];
	uint8_t *content = ret_bytes + SEGMENT_FIXED_SIZE, *link;
	struct segment_record record = {
		.index = sealer->next_index,
		.count = frame->count,
		.first_sequence = frame->first_sequence,
		.kind = frame->kind,
		.raw_size = (uint32_t)frame->size,
	};
	size_t whole;
	int size, r;

	r = frame_check(sealer, frame);
	if (r < 0)
		return r;
	if (sealer->next_index == UINT32_MAX)
		return -EIO;
	size = frame_compress(sealer, frame, content, SEGMENT_CONTENT_MAX - HPKE_TAG_SIZE);
	if (size < 0)
		return size;
	link = content + size + HPKE_TAG_SIZE;
	whole = (size_t)(link - ret_bytes) + SEGMENT_HASH_SIZE;
	segment_fixed(&record, (uint32_t)whole, ret_bytes);
	segment_aad(&sealer->header, sealer->link, ret_bytes, aad);
	r = hpke_seal(sealer->hpke, &(struct hpke_message){aad, sizeof(aad), content, (size_t)size},
		content);
	if (r < 0)
		return r;
	r = digest_of(&(struct digest_piece){content, (size_t)size + HPKE_TAG_SIZE}, 1, hash);
	if (r < 0)
		return r;
	r = segment_link(sealer->link, ret_bytes, hash, link);
	if (r < 0)
		return r;
	memcpy(sealer->link, link, SEGMENT_HASH_SIZE);
	sealer->next_index++;
	sealer->next_sequence += frame->count;
	*ret_size = whole;
	return 0;
}
