/* SPDX-License-Identifier: Apache-2.0 */
/* Power spectra of overlapping blocks of a residual. */
#ifndef HOLDFAST_WATERMARK_BLOCKS_H
#define HOLDFAST_WATERMARK_BLOCKS_H

#include "watermark/plane.h"
#include "watermark/spectrum.h"

#define BLOCK_SIZE \
	256 /* pixels of the residual: two or three tiles of a photo that shows a screen */

struct block {
	float x, y; /* its middle, in pixels of the picture from the picture's middle */
	struct spectrum spectrum;
};

struct blocks {
	unsigned int across, down; /* 0 of a residual smaller than a block */
	struct block *blocks;	   /* row by row */
};

/* -ENOMEM. */
int blocks_make(const struct plane *residual, struct blocks *ret_blocks);
void blocks_done(struct blocks *blocks);

#endif
