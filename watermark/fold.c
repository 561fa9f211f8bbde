/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/fold.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/cleanup.h"

#define BLOCK_LEAST 96 /* pixels of the residual: one tile at scale 1 */
#define ALONG_MIN   2  /* blocks in a row or column: one does not tell what drifts along it */
#define ALONG_MAX   8

/* A place in the tile: 2^32 is once around it. */
struct place {
	uint32_t x, y;
};

struct span {
	unsigned int from, to;
};

static unsigned int blocks_along(unsigned int size)
{
	unsigned int count = size / BLOCK_LEAST;

	return count < ALONG_MIN ? ALONG_MIN : count > ALONG_MAX ? ALONG_MAX : count;
}

static struct span span_of(unsigned int number, unsigned int count, unsigned int size)
{
	return (struct span){number * size / count, (number + 1) * size / count};
}

static uint32_t turns(float pixels)
{
	return (uint32_t)(int64_t)((double)pixels / WATERMARK_TILE * 4294967296.0);
}

static void lay_down(const struct plane *residual, const struct affine *to_screen, struct span rows,
	struct span columns, struct plane *tile)
{
	/* a pixel of the residual is two of the picture, from the middle of which places count */
	const float left = 2 * (float)columns.from + 0.5f - (float)residual->width;
	struct place step = {turns(2 * to_screen->xx), turns(2 * to_screen->yx)};

	for (unsigned int y = rows.from; y < rows.to; y++) {
		const float down = 2 * (float)y + 0.5f - (float)residual->height;
		const float *from = residual->at + (size_t)y * residual->width;
		struct place place = {
			turns(to_screen->xx * left + to_screen->xy * down + 0.5f),
			turns(to_screen->yx * left + to_screen->yy * down + 0.5f),
		};

		for (unsigned int x = columns.from; x < columns.to; x++) {
			uint64_t column = (uint64_t)place.x * WATERMARK_TILE >> 32;
			uint64_t row = (uint64_t)place.y * WATERMARK_TILE >> 32;

			tile->at[row * WATERMARK_TILE + column] += from[x];
			place.x += step.x;
			place.y += step.y;
		}
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

static int fold_one(const struct plane *residual, const struct affine *to_screen,
	const struct carrier *carrier, struct span rows, struct span columns,
	struct fold_block *ret_block)
{
	auto_call(plane_done) struct plane tile = {0};
	auto_free struct wave *waves = NULL;
	float x = (float)(columns.from + columns.to) - (float)residual->width;
	float y = (float)(rows.from + rows.to) - (float)residual->height;
	int r;

	r = plane_init(&tile, WATERMARK_TILE, WATERMARK_TILE);
	if (r < 0)
		return r;
	lay_down(residual, to_screen, rows, columns, &tile);
	r = transform_forward(&tile, &waves);
	if (r < 0)
		return r;
	ret_block->x = to_screen->xx * x + to_screen->xy * y;
	ret_block->y = to_screen->yx * x + to_screen->yy * y;
	for (unsigned int i = 0; i < carrier->count; i++)
		ret_block->lines[i] = line_of(waves, &carrier->lines[i]);
	return 0;
}

int fold_make(const struct plane *residual, const struct affine *to_screen,
	const struct carrier *carrier, struct fold *ret_fold)
{
	unsigned int across = blocks_along(residual->width), down = blocks_along(residual->height);
	auto_call(fold_done) struct fold fold = {
		.count = across * down,
		.blocks = malloc(across * down * sizeof(*fold.blocks)),
	};
	int r = fold.blocks ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < fold.count && r == 0; i++)
		r = fold_one(residual, to_screen, carrier,
			span_of(i / across, down, residual->height),
			span_of(i % across, across, residual->width), &fold.blocks[i]);
	if (r < 0)
		return r;
	*ret_fold = fold;
	fold = (struct fold){0};
	return 0;
}

void fold_done(struct fold *fold)
{
	free(fold->blocks);
	fold->blocks = NULL;
}
