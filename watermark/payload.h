/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom and when a mark names, and the frame of bits that stands in the picture for it. A frame is the
 * payload and 16 zero bits behind it, enciphered as one block of 80 bits: without the key it is noise,
 * and who changes or invents one gets zeros there once in 65,536 tries (Bellare and Rogaway,
 * "Encode-then-encipher encryption", 2000).
 */
#ifndef HOLDFAST_WATERMARK_PAYLOAD_H
#define HOLDFAST_WATERMARK_PAYLOAD_H

#include <stdint.h>

#define WATERMARK_VERSION    1
#define WATERMARK_FRAME_BITS 80
#define WATERMARK_KEY_SIZE   32 /* bytes */

enum watermark_flag {
	WATERMARK_EXPORT =
		1, /* on a picture or page that was exported or printed; else on a screen */
	WATERMARK_LOCKED = 2, /* while the session was locked */
};

struct watermark_payload {
	uint8_t epoch;	  /* of the key, modulo 32 */
	uint32_t subject; /* 28 bits; the console's number of a person on a device */
	uint32_t minute;  /* 24 bits; since 2026-01-01 00:00 UTC */
	uint8_t flags;	  /* enum watermark_flag, 4 bits */
};

/* ret_frame: bits as bytes, 0 or 1. Members are cut to their bits. */
void watermark_frame(const struct watermark_payload *payload, const uint8_t key[WATERMARK_KEY_SIZE],
	uint8_t ret_frame[WATERMARK_FRAME_BITS]);

/* -EBADMSG: this key made no such frame. */
int watermark_payload_read(const uint8_t frame[WATERMARK_FRAME_BITS],
	const uint8_t key[WATERMARK_KEY_SIZE], struct watermark_payload *ret_payload);

#endif
