/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A picture in cells of about a tile, and of each the lines whose phases are known: whether the tiles are
 * where a warp says is seen from these few numbers, without the pixels.
 */
#ifndef HOLDFAST_WATERMARK_CELLS_H
#define HOLDFAST_WATERMARK_CELLS_H

#include "watermark/carrier.h"
#include "watermark/plane.h"
#include "watermark/transform.h"
#include "watermark/warp.h"

#define CELLS_ALONG_MAX 12

struct cell {
	float x, y;	/* its middle, in pixels of the picture from the picture's middle */
	float distance; /* of that from the warp's origin */
	/* over the noise, turned by their phases: all real where the middle is where a tile begins */
	struct wave lines[CARRIER_SYNC];
};

struct cells {
	unsigned int count; /* nearest first */
	struct cell *cells;
	const struct carrier_line *lines; /* the carrier's, borrowed */
};

/* noise: power of each line over the whole picture, as the carrier has them. -ENOMEM. */
int cells_make(const struct plane *residual, const struct warp *warp, const struct carrier *carrier,
	const float *noise, struct cells *ret_cells);
void cells_done(struct cells *cells);

#endif
