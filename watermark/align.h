/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tiles begin: the one place, and the small change of it from block to block, under which the
 * lines whose phases are known add up over the whole picture.
 */
#ifndef HOLDFAST_WATERMARK_ALIGN_H
#define HOLDFAST_WATERMARK_ALIGN_H

#include "watermark/fold.h"

/* A tile begins at x + xx * block.x + xy * block.y, and y + ..., in pixels of the screen. */
struct alignment {
	float x, y;
	struct affine drift;
	float score; /* in standard deviations of noise; the best of all places of noise alone has about 4.5 */
};

/* noise: power of each line over the whole picture, as the carrier has them. -ENOMEM. */
int align_blocks(const struct fold *fold, const struct carrier *carrier, const float *noise,
	struct alignment *ret_alignment);

/* The lines of all blocks, turned to where the tile begins: ret_lines has carrier->count. */
void align_sum(const struct fold *fold, const struct carrier *carrier,
	const struct alignment *alignment, struct wave *ret_lines);

#endif
