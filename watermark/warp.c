/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/warp.h"

#include <math.h>
#include <stdbool.h>

#define NEAR 4.0f  /* pixels of the picture, for a slope */
#define TILT 0.25f /* the far side's share at least: who looks from further aside sees no pixels */

void warp_place(const struct warp *warp, float x, float y, float *ret_x, float *ret_y)
{
	float bent = 1 + warp->bend * (x * x + y * y), depth;

	x = x * bent - warp->origin_x;
	y = y * bent - warp->origin_y;
	depth = 1 / fmaxf(1 + warp->gx * x + warp->gy * y, TILT);
	*ret_x = (warp->slope.xx * x + warp->slope.xy * y) * depth + warp->x;
	*ret_y = (warp->slope.yx * x + warp->slope.yy * y) * depth + warp->y;
}

struct affine warp_slope(const struct warp *warp, float x, float y)
{
	float left_x, left_y, right_x, right_y, above_x, above_y, below_x, below_y;

	warp_place(warp, x - NEAR, y, &left_x, &left_y);
	warp_place(warp, x + NEAR, y, &right_x, &right_y);
	warp_place(warp, x, y - NEAR, &above_x, &above_y);
	warp_place(warp, x, y + NEAR, &below_x, &below_y);
	return (struct affine){(right_x - left_x) / (2 * NEAR), (below_x - above_x) / (2 * NEAR),
		(right_y - left_y) / (2 * NEAR), (below_y - above_y) / (2 * NEAR)};
}

/* Moves what is radius away by that many pixels of the screen. */
static void step_by(struct warp *warp, unsigned int number, float pixels, float radius)
{
	float *members[WARP_ALL] = {&warp->x, &warp->y, &warp->slope.xx, &warp->slope.xy,
		&warp->slope.yx, &warp->slope.yy, &warp->gx, &warp->gy, &warp->bend};
	const struct affine *slope = &warp->slope;
	float size = sqrtf(fabsf(slope->xx * slope->yy - slope->xy * slope->yx));

	if (number >= WARP_SHIFT)
		pixels /= radius;
	if (number >= WARP_SLOPE)
		pixels /= radius * size;
	if (number >= WARP_PERSPECTIVE)
		pixels /= radius;
	*members[number] += pixels;
}

float warp_climb(const struct warp_climb *climb, struct warp *warp)
{
	float score = climb->score(warp, climb->userdata);

	for (float step = climb->step; step >= climb->least; step /= 2)
		for (bool is_better = true; is_better;) {
			is_better = false;
			for (unsigned int i = 2 * climb->first; i < 2 * climb->end; i++) {
				struct warp next = *warp;
				float there;

				step_by(&next, i / 2, i % 2 ? step : -step, climb->radius);
				there = climb->score(&next, climb->userdata);
				if (there <= score)
					continue;
				*warp = next;
				score = there;
				is_better = true;
			}
		}
	return score;
}
