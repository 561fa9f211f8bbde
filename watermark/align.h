/* SPDX-License-Identifier: Apache-2.0 */
/* Where tiles begin: the warp under which the lines with known phases add up over the picture. */
#ifndef HOLDFAST_WATERMARK_ALIGN_H
#define HOLDFAST_WATERMARK_ALIGN_H

#include "watermark/cells.h"

/*
 * Scores are in standard deviations of noise: the best of all places of noise alone has about 4.5.
 * Both take a warp of which shifts are nothing yet, and make it better. -ENOMEM.
 */

/* All cells at once: for a slope that is nearly right everywhere. */
int align_whole(const struct cells *cells, struct warp *warp, float *ret_score);

/* From the warp's origin on, ring by ring, for a perspective that is about right. */
int align_growing(const struct cells *cells, struct warp *warp, float *ret_score);

/* Once more, from where it is. */
float align_again(const struct cells *cells, struct warp *warp);

#endif
