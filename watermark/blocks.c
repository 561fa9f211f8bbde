/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/blocks.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define STEP	  (BLOCK_SIZE / 2) /* at most: they overlap by half */
#define ALONG_MAX 12

static unsigned int blocks_along(unsigned int size)
{
	unsigned int count = (size - BLOCK_SIZE + STEP - 1) / STEP + 1;

	return count < ALONG_MAX ? count : ALONG_MAX;
}

static unsigned int begin_of(unsigned int number, unsigned int count, unsigned int size)
{
	return count == 1 ? (size - BLOCK_SIZE) / 2 : number * (size - BLOCK_SIZE) / (count - 1);
}

/* Rounded off towards its edges, so that what is cut there spreads over no lines. */
static int block_make(
	const struct plane *residual, unsigned int left, unsigned int top, struct block *block)
{
	auto_call(plane_done) struct plane part = {0};
	float window[BLOCK_SIZE];
	int r;

	r = plane_init(&part, BLOCK_SIZE, BLOCK_SIZE);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < BLOCK_SIZE; i++)
		window[i] = sinf((float)M_PI * ((float)i + 0.5f) / BLOCK_SIZE);
	for (unsigned int y = 0; y < BLOCK_SIZE; y++) {
		const float *row = residual->at + (size_t)(top + y) * residual->width + left;

		for (unsigned int x = 0; x < BLOCK_SIZE; x++)
			part.at[y * BLOCK_SIZE + x] = row[x] * window[x] * window[y];
	}
	block->x = 2 * (float)left + BLOCK_SIZE - (float)residual->width;
	block->y = 2 * (float)top + BLOCK_SIZE - (float)residual->height;
	return spectrum_make(&part, &block->spectrum);
}

int blocks_make(const struct plane *residual, struct blocks *ret_blocks)
{
	auto_call(blocks_done) struct blocks blocks = {0};
	int r = 0;

	if (residual->width >= BLOCK_SIZE && residual->height >= BLOCK_SIZE) {
		blocks.across = blocks_along(residual->width);
		blocks.down = blocks_along(residual->height);
		blocks.blocks = calloc(blocks.across * blocks.down, sizeof(*blocks.blocks));
		if (!blocks.blocks)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < blocks.across * blocks.down && r == 0; i++)
		r = block_make(residual,
			begin_of(i % blocks.across, blocks.across, residual->width),
			begin_of(i / blocks.across, blocks.down, residual->height),
			&blocks.blocks[i]);
	if (r < 0)
		return r;
	*ret_blocks = blocks;
	blocks = (struct blocks){0};
	return 0;
}

void blocks_done(struct blocks *blocks)
{
	for (unsigned int i = 0; blocks->blocks && i < blocks->across * blocks->down; i++)
		spectrum_done(&blocks->blocks[i].spectrum);
	free(blocks->blocks);
	blocks->blocks = NULL;
}
