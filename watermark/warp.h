/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where on the screen, counted from where a tile begins, a place of a picture is: for a screenshot a
 * scale, a turn and a shift; for a photo the screen seen from aside, through a lens that bends.
 */
#ifndef HOLDFAST_WATERMARK_WARP_H
#define HOLDFAST_WATERMARK_WARP_H

#include "watermark/search.h"

/*
 * Of p, from the picture's middle: b = p * (1 + bend * |p|^2), q = b - origin; then on the screen
 * slope * q / (1 + gx * q.x + gy * q.y) + (x, y).
 */
struct warp {
	struct affine slope;
	float x, y;
	float gx, gy;
	float bend;
	float origin_x, origin_y;
};

/* What may be climbed in, in this order: a shift, a slope, a perspective, a bend. */
#define WARP_SHIFT	 2
#define WARP_SLOPE	 6
#define WARP_PERSPECTIVE 8
#define WARP_ALL	 9

void warp_place(const struct warp *warp, float x, float y, float *ret_x, float *ret_y);
/* How the place changes around there. */
struct affine warp_slope(const struct warp *warp, float x, float y);

/* What a warp is worth. */
typedef float warp_score(const struct warp *warp, const void *userdata);

struct warp_climb {
	unsigned int first, end; /* of the numbers above that may change */
	float radius; /* in pixels of the picture: steps are what a place so far away moves by, */
	float step, least; /* in pixels of the screen, halved until they are least */
	warp_score *score;
	const void *userdata;
};

/* Uphill, one number after the other. Returns the score that is reached. */
float warp_climb(const struct warp_climb *climb, struct warp *warp);

#endif
