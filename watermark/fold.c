/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/fold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define STRETCH 16 /* pixels of a row between which a warp is straight enough */

/* A place in the tile: 2^32 is once around it. */
static uint32_t turns(float pixels)
{
	return (uint32_t)(int64_t)((double)pixels / WATERMARK_TILE * 4294967296.0);
}

static void lay_stretch(const float *from, unsigned int count, uint32_t x, uint32_t y,
	uint32_t step_x, uint32_t step_y, float *tile)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t column = (uint64_t)x * WATERMARK_TILE >> 32;
		uint64_t row = (uint64_t)y * WATERMARK_TILE >> 32;

		tile[row * WATERMARK_TILE + column] += from[i];
		x += step_x;
		y += step_y;
	}
}

static void lay_row(
	const struct plane *residual, const struct warp *warp, unsigned int y, float *tile)
{
	/* a pixel of the residual is two of the picture, from the middle of which places count */
	const float left = 1 - (float)residual->width;
	const float down = 2 * (float)y + 1 - (float)residual->height;
	const float *row = residual->at + (size_t)y * residual->width;
	float x_0, y_0, x_1, y_1;

	warp_place(warp, left, down, &x_0, &y_0);
	for (unsigned int x = 0; x < residual->width; x += STRETCH) {
		unsigned int rest = residual->width - x;

		warp_place(warp, left + 2 * (float)(x + STRETCH), down, &x_1, &y_1);
		lay_stretch(row + x, rest < STRETCH ? rest : STRETCH, turns(x_0 + 0.5f),
			turns(y_0 + 0.5f), turns((x_1 - x_0) / STRETCH),
			turns((y_1 - y_0) / STRETCH), tile);
		x_0 = x_1;
		y_0 = y_1;
	}
}

static struct wave line_of(const struct wave *waves, const struct carrier_line *line)
{
	unsigned int column = (unsigned int)abs(line->kx);
	unsigned int row = line->kx < 0 ? WATERMARK_TILE - (unsigned int)line->ky
					: (unsigned int)line->ky;
	struct wave wave = waves[row * (WATERMARK_TILE / 2 + 1) + column];

	if (line->kx < 0)
		wave.im = -wave.im;
	return wave;
}

int fold_whole(const struct plane *residual, const struct warp *warp, const struct carrier *carrier,
	struct wave *ret_lines)
{
	auto_call(plane_done) struct plane tile = {0};
	auto_free struct wave *waves = NULL;
	int r;

	r = plane_init(&tile, WATERMARK_TILE, WATERMARK_TILE);
	if (r < 0)
		return r;
	for (unsigned int y = 0; y < residual->height; y++)
		lay_row(residual, warp, y, tile.at);
	r = transform_forward(&tile, &waves);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < carrier->count; i++)
		ret_lines[i] = line_of(waves, &carrier->lines[i]);
	return 0;
}
