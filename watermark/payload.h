/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom and when a mark names, and the frame of bits that stands in the picture for it: 64 bits that
 * say so and 16 that prove the subject's key, enciphered as one block of 80. Without the epoch's
 * key it is noise.
 */
#ifndef HOLDFAST_WATERMARK_PAYLOAD_H
#define HOLDFAST_WATERMARK_PAYLOAD_H

#include <stdint.h>

#include "watermark/key.h"

#define WATERMARK_VERSION    1
#define WATERMARK_FRAME_BITS 80
#define WATERMARK_MINUTE_MAX 0xffffffu
#define WATERMARK_MINUTE_0   1767225600 /* 2026-01-01 00:00 UTC, in seconds since 1970 */

enum watermark_flag {
	WATERMARK_EXPORT =
		1, /* on a picture or page that was exported or printed; else on a screen */
	WATERMARK_LOCKED = 2, /* while the session was locked */
};

struct watermark_payload {
	uint32_t subject; /* at most WATERMARK_SUBJECT_MAX */
	uint32_t minute;  /* since WATERMARK_MINUTE_0; at most WATERMARK_MINUTE_MAX */
	uint8_t flags;	  /* enum watermark_flag, 4 bits */
};

/* As the pen's subject. ret_frame: bits as bytes, 0 or 1. */
void watermark_frame(const struct watermark_pen *pen, uint32_t minute, uint8_t flags,
	uint8_t ret_frame[WATERMARK_FRAME_BITS]);

/* -EBADMSG: no pen of this key wrote it; chance gets through once in 2^24. -EIO: as watermark_pen_derive(). */
int watermark_payload_read(const uint8_t frame[WATERMARK_FRAME_BITS],
	const struct watermark_key *key, struct watermark_payload *ret_payload);

#endif
