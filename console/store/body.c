/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/body.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define PACK_LEVEL 1 /* zstd: 700 MB/s, a tenth of the size */

/* The text of a record: its other events are looked at soon, of many devices' in turns. */
struct body {
	struct body_key key; /* a 0: none */
	char *text;
	size_t size, room;
};

struct bodies {
	ZSTD_CCtx *packer;
	ZSTD_DCtx *unpacker;
	void *packed; /* of packed_room bytes */
	size_t packed_room;
	struct body kept[BODY_SLOTS];
};

int bodies_new(struct bodies **ret_bodies)
{
	auto_call(bodies_freep) struct bodies *bodies = calloc(1, sizeof(*bodies));

	if (!bodies)
		return -ENOMEM;
	bodies->packer = ZSTD_createCCtx();
	bodies->unpacker = ZSTD_createDCtx();
	if (!bodies->packer || !bodies->unpacker)
		return -ENOMEM;
	*ret_bodies = take_ptr(bodies);
	return 0;
}

void bodies_free(struct bodies *bodies)
{
	if (!bodies)
		return;
	(void)ZSTD_freeCCtx(bodies->packer); /* memory only, as the next one */
	(void)ZSTD_freeDCtx(bodies->unpacker);
	free(bodies->packed);
	for (unsigned int i = 0; i < BODY_SLOTS; i++)
		free(bodies->kept[i].text);
	free(bodies);
}

int bodies_pack(struct bodies *bodies, const struct store_record *record, const void **ret_packed,
	size_t *ret_size)
{
	size_t bound = ZSTD_compressBound(record->size), packed;

	if (record->packed) {
		*ret_packed = record->packed;
		*ret_size = record->packed_size;
		return 0;
	}
	if (bound > bodies->packed_room) {
		void *more = realloc(bodies->packed, bound);

		if (!more)
			return -ENOMEM;
		bodies->packed = more;
		bodies->packed_room = bound;
	}
	packed = ZSTD_compressCCtx(bodies->packer, bodies->packed, bodies->packed_room,
		record->text, record->size, PACK_LEVEL);
	if (ZSTD_isError(packed))
		return -EIO;
	*ret_packed = bodies->packed;
	*ret_size = packed;
	return 0;
}

static unsigned int slot_of(struct body_key key)
{
	return (unsigned int)(((uint64_t)key.a + (uint64_t)key.b) % BODY_SLOTS);
}

const char *bodies_find(const struct bodies *bodies, struct body_key key, size_t *ret_size)
{
	const struct body *body = &bodies->kept[slot_of(key)];

	if (!key.a || body->key.a != key.a || body->key.b != key.b)
		return NULL;
	*ret_size = body->size;
	return body->text;
}

static int make_room(struct body *body, size_t size)
{
	char *more;

	if (size <= body->room && (body->room <= BODY_MAX || size > BODY_MAX))
		return 0;
	more = size > UINT32_MAX ? NULL : realloc(body->text, size);
	if (!more)
		return -ENOMEM;
	body->text = more;
	body->room = size;
	return 0;
}

int bodies_load(struct bodies *bodies, struct body_key key, const void *packed, size_t packed_size,
	size_t size)
{
	struct body *body = &bodies->kept[slot_of(key)];
	size_t got;
	int r;

	body->key = (struct body_key){0};
	r = make_room(body, size);
	if (r < 0)
		return r;
	got = ZSTD_decompressDCtx(bodies->unpacker, body->text, body->room, packed, packed_size);
	if (ZSTD_isError(got) || got != size)
		return -EBADMSG;
	body->size = size;
	body->key = key;
	return 0;
}
