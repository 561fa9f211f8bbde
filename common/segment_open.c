/* SPDX-License-Identifier: Apache-2.0 */
/* The console's side: what is in a record, by the private key. Bounded by what its fixed fields say. */
#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "common/segment_private.h"

struct segment_opener {
	struct segment_header header;
	struct hpke *hpke;
	ZSTD_DCtx *zstd;
	uint8_t *packed; /* of the record opened last */
	size_t packed_size, packed_room;
};

int segment_opener_new(const struct segment_header *header,
	const uint8_t private_key[HPKE_KEY_SIZE], struct segment_opener **ret_opener)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = calloc(1, sizeof(*opener));
	uint8_t info[SEGMENT_INFO_SIZE];
	int r;

	if (!opener)
		return -ENOMEM;
	opener->header = *header;
	segment_info(header, info);
	r = hpke_open_begin(private_key, header->enc, info, sizeof(info), &opener->hpke);
	if (r < 0)
		return r;
	opener->zstd = ZSTD_createDCtx();
	if (!opener->zstd)
		return -ENOMEM;
	*ret_opener = take_ptr(opener);
	return 0;
}

void segment_opener_free(struct segment_opener *opener)
{
	if (!opener)
		return;
	hpke_free(opener->hpke);
	ZSTD_freeDCtx(opener->zstd);
	if (opener->packed)
		explicit_bzero(opener->packed, opener->packed_room);
	free(opener->packed);
	free(opener);
}

static bool is_lines(const char *lines, size_t size, uint32_t count)
{
	const char *at = lines, *end = lines + size;
	uint32_t found = 0;

	for (; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
		found++;
	return found == count && lines[size - 1] == '\n' && !memchr(lines, '\0', size);
}

/*
 * One frame of zstd and nothing behind it, of exactly raw_size bytes by its own header and when it is
 * decompressed: into memory of that size, which it can't leave.
 */
static int decompress(
	struct segment_opener *opener, const struct segment_record *record, char **ret_lines)
{
	const uint8_t *bytes = opener->packed;
	size_t size = opener->packed_size;
	auto_free char *lines = NULL;

	if (ZSTD_findFrameCompressedSize(bytes, size) != size ||
		ZSTD_getFrameContentSize(bytes, size) != record->raw_size)
		return -EBADMSG;
	lines = malloc((size_t)record->raw_size + 1);
	if (!lines)
		return -ENOMEM;
	if (ZSTD_decompressDCtx(opener->zstd, lines, record->raw_size, bytes, size) !=
			record->raw_size ||
		!is_lines(lines, record->raw_size, record->count))
		return -EBADMSG;
	lines[record->raw_size] = '\0';
	*ret_lines = take_ptr(lines);
	return 0;
}

static int make_room(struct segment_opener *opener, size_t size)
{
	uint8_t *more;

	if (size <= opener->packed_room)
		return 0;
	more = realloc(opener->packed, size);
	if (!more)
		return -ENOMEM;
	opener->packed = more;
	opener->packed_room = size;
	return 0;
}

const void *segment_packed(const struct segment_opener *opener, size_t *ret_size)
{
	*ret_size = opener->packed_size;
	return opener->packed_size ? opener->packed : NULL;
}

int segment_open_record(struct segment_opener *opener, const struct segment_record *record,
	char **ret_lines, size_t *ret_size)
{
	uint8_t aad[SEGMENT_AAD_SIZE];
	const struct hpke_message sealed = {
		aad, sizeof(aad), record->content, record->content_size};
	auto_free char *lines = NULL;
	int r;

	opener->packed_size = 0;
	if (record->is_pruned)
		return -ENODATA;
	r = make_room(opener, record->content_size);
	if (r < 0)
		return r;
	segment_aad(&opener->header, record->before, record->bytes, aad);
	r = hpke_open_at(opener->hpke, record->index, &sealed, opener->packed);
	if (r < 0)
		return r;
	if (record->kind == SEGMENT_LOST) {
		lines = strdup("");
		if (!lines)
			return -ENOMEM;
	} else {
		opener->packed_size = record->content_size - HPKE_TAG_SIZE;
		r = decompress(opener, record, &lines);
		if (r < 0) {
			opener->packed_size = 0;
			return r;
		}
	}
	*ret_size = record->raw_size;
	*ret_lines = take_ptr(lines);
	return 0;
}
