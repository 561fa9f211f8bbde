/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a mark in a picture: whom and when it names, or that this key made none that can be read. The
 * scale, a small turn, and where the picture was cut are found; nothing of the original is needed.
 */
#ifndef HOLDFAST_WATERMARK_READ_H
#define HOLDFAST_WATERMARK_READ_H

#include "watermark/payload.h"
#include "watermark/residual.h"

struct watermark_key;

struct watermark_found {
	struct watermark_payload payload;
	/*
	 * In standard deviations of noise, of all the bits together: chance and 2^80 frames to choose from
	 * reach 10.5 at the very best.
	 */
	float confidence;
	float scale; /* pixels of the picture for one of the screen, 96 dpi */
	float turn;  /* radians, clockwise */
};

/* -ENOENT: no mark of this key; -ENOMEM; -EIO: as watermark_key_derive(). */
int watermark_read(const struct luma *luma, const struct watermark_key *key,
	struct watermark_found *ret_found);

#endif
