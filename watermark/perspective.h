/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a photo shows the lattice of a key, seen from aside: by the power at the places of the lines, in blocks
 * of the picture so small that each is nearly straight, under one perspective for all of them.
 */
#ifndef HOLDFAST_WATERMARK_PERSPECTIVE_H
#define HOLDFAST_WATERMARK_PERSPECTIVE_H

#include "watermark/carrier.h"
#include "watermark/plane.h"
#include "watermark/warp.h"

struct perspective {
	struct warp warp; /* without a shift, which this does not tell */
	float score;	  /* mean height of the lines in all blocks; noise has about 1 */
};

#define PERSPECTIVES_MAX 4

/*
 * Those that stand out, best first; ret_count: how many, and none in a picture too small for that.
 * -ENOMEM.
 */
int perspective_search(const struct plane *residual, const struct carrier *carrier,
	struct perspective ret_perspectives[PERSPECTIVES_MAX], unsigned int *ret_count);

#endif
