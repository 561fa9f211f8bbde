/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a picture may be a mark: its difference from the ground around it, without letters and
 * edges, and where the picture is restless in proportion less (a matched filter).
 */
#ifndef HOLDFAST_WATERMARK_RESIDUAL_H
#define HOLDFAST_WATERMARK_RESIDUAL_H

#include <stdint.h>

#include "watermark/plane.h"

/* A grey picture, borrowed. Row y begins at at + y * width. */
struct luma {
	unsigned int width, height; /* each RESIDUAL_SIDE_MIN at least */
	const uint8_t *at;
};

#define RESIDUAL_SIDE_MIN 32

/* How many times smaller the picture is taken: more for photos that show a screen's pixel on many. */
#define RESIDUAL_UNIT_MAX 4

/*
 * At half the size of the picture, as if that were unit times smaller; its pixel (x, y) is around
 * (2x + 0.5, 2y + 0.5) there. -ENOMEM.
 */
int residual_make(const struct luma *luma, unsigned int unit, struct plane *ret_residual);

#endif
