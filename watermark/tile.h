/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tile that an overlay repeats over a screen. A premultiplied overlay of constant alpha is
 * additive on any content: out = content * (1 - alpha) + level, so nothing on the screen needs to be
 * read for it, and the mark is as strong on white as on black.
 */
#ifndef HOLDFAST_WATERMARK_TILE_H
#define HOLDFAST_WATERMARK_TILE_H

#include <stdint.h>

#include "watermark/carrier.h"

/*
 * Strength in halves of a grey level: 2 is +-1 of 255, not seen at normal viewing; 4 is seen as faint
 * mottling on even grounds. Levels are 0 to strength, and so is the overlay's alpha, of 255.
 */
#define WATERMARK_STRENGTH_DEFAULT 2
#define WATERMARK_STRENGTH_MAX	   6

#define WATERMARK_TILE_SIDE_MAX (4 * WATERMARK_TILE)

/*
 * side: WATERMARK_TILE times the pixels per 1/96 inch, rounded; at most WATERMARK_TILE_SIDE_MAX.
 * ret_levels: side * side of them, row by row. -ENOMEM.
 */
int watermark_tile(const struct carrier *carrier, const uint8_t frame[WATERMARK_FRAME_BITS],
	unsigned int strength, unsigned int side, uint8_t *ret_levels);

#endif
