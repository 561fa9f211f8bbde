/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At which scale and angle a picture shows the lattice of a key: by the power at the places of the
 * lines that every tile has, which asks nothing of where the tile begins.
 */
#ifndef HOLDFAST_WATERMARK_SEARCH_H
#define HOLDFAST_WATERMARK_SEARCH_H

#include "watermark/carrier.h"
#include "watermark/spectrum.h"

/* From the screen's pixels to the picture's: x' = xx * x + xy * y, y' = yx * x + yy * y. */
struct affine {
	float xx, xy, yx, yy;
};

struct candidate {
	struct affine affine;
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

/* The frequency of a line of the lattice in a residual. */
void search_frequency(
	const struct affine *affine, const struct carrier_line *line, float *ret_x, float *ret_y);

#endif
