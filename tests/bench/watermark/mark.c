/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/mark.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/session/overlay_paint.h"
#include "common/cleanup.h"
#include "watermark/read.h"

void mark_keys_init(struct mark_keys *keys, uint64_t seed)
{
	uint8_t secret[WATERMARK_KEY_SIZE] = {0};

	memcpy(secret, &seed, sizeof(seed));
	if (watermark_key_derive(secret, 1, &keys->own) < 0)
		errx(1, "no key");
	secret[WATERMARK_KEY_SIZE - 1] = 1;
	if (watermark_key_derive(secret, 1, &keys->other) < 0)
		errx(1, "no key");
}

/* The overlay's own surface, blended as X servers and cairo both do (pixman's OVER). */
void mark_lay(cairo_surface_t *screen, const struct watermark_key *key,
	const struct watermark_payload *payload, unsigned int strength)
{
	int width = cairo_image_surface_get_width(screen);
	int height = cairo_image_surface_get_height(screen);
	cairo_surface_t *overlay = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
	struct overlay_look look = {.has_tile = true, .strength = (uint8_t)strength};
	static struct carrier carrier;
	uint8_t frame[WATERMARK_FRAME_BITS];
	struct overlay_paint paint = {0}; /* for text alone, and there is none */
	struct watermark_pen pen;
	cairo_t *cairo;

	if (carrier_init(&carrier, key->lattice) < 0 ||
		watermark_pen_derive(key, payload->subject, &pen) < 0)
		errx(1, "no pen");
	watermark_frame(&pen, payload->minute, payload->flags, frame);
	if (watermark_tile(&carrier, frame, strength, WATERMARK_TILE, look.tile) < 0 ||
		overlay_paint_band(&paint, &look, 0, overlay) < 0)
		errx(1, "no overlay");
	cairo = cairo_create(screen);
	cairo_set_source_surface(cairo, overlay, 0, 0);
	cairo_paint(cairo);
	cairo_destroy(cairo);
	cairo_surface_destroy(overlay);
	cairo_surface_flush(screen);
}

double mark_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* always there */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct mark_answer mark_ask_luma(const uint8_t *luma, unsigned int width, unsigned int height,
	const struct watermark_key *key)
{
	const struct luma picture = {width, height, luma};
	struct mark_answer answer = {0};
	struct watermark_found found;
	double began = mark_seconds();
	int r = watermark_read(&picture, key, &found);

	answer.seconds = mark_seconds() - began;
	if (r < 0 && r != -ENOENT)
		errx(1, "the decoder failed: %s", strerror(-r));
	if (r < 0)
		return answer;
	answer.is_found = true;
	answer.payload = found.payload;
	answer.confidence = found.confidence;
	return answer;
}

struct mark_answer mark_ask(const struct image *image, const struct watermark_key *key)
{
	auto_free uint8_t *luma = image_luma(image);

	return mark_ask_luma(luma, image->width, image->height, key);
}
