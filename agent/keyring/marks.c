/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws blind marks with the pens that are here (common/mark_id.h). The tile goes out and shows what
 * the screen shows; no pen does, so nobody can be named but who the pen is of, now.
 */
#include <errno.h>
#include <string.h>

#include "agent/keyring/keyring.h"
#include "common/bytes.h"
#include "watermark/tile.h"

#define LEVELS (WATERMARK_TILE * WATERMARK_TILE)
#define BYTES  ((LEVELS + 1) / 2) /* two levels in each */

_Static_assert(KEYRING_MARK_PARTS *KEYRING_BYTES_MAX >= BYTES, "a tile goes in its parts");

struct wish {
	uint32_t uid, minute;
	uint8_t flags, strength, part;
};

/* The last one, as it is asked for in parts. */
static struct {
	struct wish wish;
	uint32_t generation; /* 0 = there is none */
	uint8_t bytes[BYTES];
} drawn;

static int draw(const struct watermark_pen *pen, const struct wish *wish)
{
	static uint8_t levels[LEVELS + 1]; /* one more: pairs */
	static struct carrier carrier;
	uint8_t frame[WATERMARK_FRAME_BITS];
	int r;

	r = carrier_init(&carrier, pen->lattice);
	if (r == 0) {
		watermark_frame(pen, wish->minute, wish->flags, frame);
		r = watermark_tile(&carrier, frame, wish->strength, WATERMARK_TILE, levels);
	}
	for (size_t i = 0; r == 0 && i < BYTES; i++)
		drawn.bytes[i] = (uint8_t)(levels[2 * i] << 4 | levels[2 * i + 1]);
	explicit_bzero(&carrier, sizeof(carrier));
	return r;
}

static bool is_drawn(const struct wish *wish, uint32_t generation)
{
	const struct wish *last = &drawn.wish;

	return drawn.generation == generation && last->uid == wish->uid &&
	       last->minute == wish->minute && last->flags == wish->flags &&
	       last->strength == wish->strength;
}

static int wish_get(const struct keyring_request *request, struct wish *ret_wish)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, request->bytes, request->size);
	ret_wish->uid = bytes_get_u32(&reader);
	ret_wish->minute = bytes_get_u32(&reader);
	ret_wish->flags = bytes_get_u8(&reader);
	ret_wish->strength = bytes_get_u8(&reader);
	ret_wish->part = bytes_get_u8(&reader);
	if (!bytes_is_done(&reader) || ret_wish->minute > WATERMARK_MINUTE_MAX ||
		ret_wish->flags > 15 || !ret_wish->strength ||
		ret_wish->strength > WATERMARK_STRENGTH_MAX || ret_wish->part >= KEYRING_MARK_PARTS)
		return -EINVAL;
	return 0;
}

int verb_mark(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	struct watermark_pen pen;
	uint32_t generation;
	struct wish wish;
	size_t from, size;
	int r;

	(void)fd;
	r = wish_get(request, &wish);
	if (r == 0)
		r = keys_pen(keyring->keys, wish.uid, &pen, &generation);
	if (r < 0)
		return r;
	if (!is_drawn(&wish, generation)) {
		drawn.generation = 0;
		r = draw(&pen, &wish);
		drawn.wish = wish;
		drawn.generation = r == 0 ? generation : 0;
	}
	watermark_pen_wipe(&pen);
	if (r < 0)
		return r;
	from = (size_t)wish.part * KEYRING_BYTES_MAX;
	size = BYTES - from < KEYRING_BYTES_MAX ? BYTES - from : KEYRING_BYTES_MAX;
	memcpy(answer->bytes, drawn.bytes + from, size);
	return (int)size;
}
