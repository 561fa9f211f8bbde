/* SPDX-License-Identifier: Apache-2.0 */
/* A whole picture laid over one tile: what repeats adds up, and is read from the tile's spectrum. */
#ifndef HOLDFAST_WATERMARK_FOLD_H
#define HOLDFAST_WATERMARK_FOLD_H

#include "watermark/carrier.h"
#include "watermark/plane.h"
#include "watermark/transform.h"
#include "watermark/warp.h"

/* ret_lines: carrier->count of them, sums of the residual times exp(-2 pi i k p / tile). -ENOMEM. */
int fold_whole(const struct plane *residual, const struct warp *warp, const struct carrier *carrier,
	struct wave *ret_lines);

#endif
