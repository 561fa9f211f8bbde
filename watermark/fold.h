/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a picture, each laid over one tile: what repeats adds up. A block's spectrum then has the
 * lines of the lattice with their phases, from which alignment and bits are read.
 */
#ifndef HOLDFAST_WATERMARK_FOLD_H
#define HOLDFAST_WATERMARK_FOLD_H

#include "watermark/carrier.h"
#include "watermark/plane.h"
#include "watermark/search.h"
#include "watermark/transform.h"

#define FOLD_BLOCKS_MAX 64

struct fold_block {
	float x, y; /* its middle, in pixels of the screen, from the middle of the picture */
	/* line by line as the carrier has them: sum of the residual times exp(-2 pi i k p / tile) */
	struct wave lines[CARRIER_LINES + CARRIER_SYNC];
};

struct fold {
	unsigned int count;
	struct fold_block *blocks;
};

/* to_screen: from the picture's pixels. -ENOMEM. */
int fold_make(const struct plane *residual, const struct affine *to_screen,
	const struct carrier *carrier, struct fold *ret_fold);
void fold_done(struct fold *fold);

#endif
