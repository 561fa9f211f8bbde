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

/*
 * Whether a frame that was found says something: 0, or -EBADMSG and the search goes on; any other
 * ends it. Fills in the payload, if it can be known there.
 */
typedef int watermark_judge(const uint8_t frame[WATERMARK_FRAME_BITS], float confidence,
	struct watermark_payload *ret_payload, void *userdata);

/*
 * As watermark_read(), where only the key of the lattice is at hand: that is enough to find frames, and
 * neither to read nor to write one. -ENOENT: no frame that the judge took; -ENOMEM; the judge's own.
 */
int watermark_find(const struct luma *luma, const uint8_t lattice[WATERMARK_KEY_SIZE],
	watermark_judge *judge, void *userdata, struct watermark_found *ret_found);

/* -ENOENT: no mark of this key; -ENOMEM; -EIO: as watermark_key_derive(). */
int watermark_read(const struct luma *luma, const struct watermark_key *key,
	struct watermark_found *ret_found);

#endif
