/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At which scale and angle a picture shows the lattice of a key: by the power at the places of the
 * lines that every tile has, which asks nothing of where the tile begins.
 */
#ifndef HOLDFAST_WATERMARK_SEARCH_H
#define HOLDFAST_WATERMARK_SEARCH_H

#include "watermark/carrier.h"
#include "watermark/spectrum.h"

/* From the picture's pixels to the screen's: x' = xx * x + xy * y, y' = yx * x + yy * y. */
struct affine {
	float xx, xy, yx, yy;
};

struct candidate {
	struct affine slope;
	float score; /* mean height of the sync lines above the floor; noise has 1 */
};

#define SEARCH_CANDIDATES_MAX 12

/* Sizes of the picture's pixels that are looked for, in pixels of the screen for one; and turns. */
#define SEARCH_SCALE_MIN 0.40f
#define SEARCH_SCALE_MAX 2.60f
#define SEARCH_TURN_MAX	 0.15f /* radians: 8.6 degrees */

/* The scales and angles that stand out, best first, made finer. How many. */
unsigned int search_lattice(const struct spectrum *spectrum, const struct carrier *carrier,
	struct candidate ret_candidates[SEARCH_CANDIDATES_MAX]);

/* The screen turned clockwise, and its pixels as large as that in the picture. */
struct affine search_slope(float scale, float turn);

#define SEARCH_RESIDUAL_PIXEL 2.0f /* of the picture's */

/* The frequency of a line of the lattice in a residual. */
static inline void search_frequency(
	const struct affine *slope, const struct carrier_line *line, float *ret_x, float *ret_y)
{
	const float unit = SEARCH_RESIDUAL_PIXEL / WATERMARK_TILE;
	float kx = (float)line->kx, ky = (float)line->ky;

	*ret_x = (slope->xx * kx + slope->yx * ky) * unit;
	*ret_y = (slope->xy * kx + slope->yy * ky) * unit;
}

#endif
