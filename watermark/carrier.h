/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a mark depends on the tenant's key and not on what it says: which lattice lines of the
 * tile's spectrum carry it, with which phases, and where each coded bit stands. Without the key
 * there is nothing to look for: neither the lines that tell scale and rotation nor the bits.
 */
#ifndef HOLDFAST_WATERMARK_CARRIER_H
#define HOLDFAST_WATERMARK_CARRIER_H

#include <stdint.h>

#include "watermark/convolution.h"
#include "watermark/key.h"
#include "watermark/payload.h"

/*
 * Side of the tile in pixels of the screen at 96 dpi. Odd, so that the 8 x 8 blocks of JPEG meet each
 * repetition in another phase: their errors do not add up (3 dB on plain documents).
 */
#define WATERMARK_TILE 189

/* Frequencies, in periods across a tile: coarse enough for JPEG at quality 50, too fine for the eye. */
#define CARRIER_RADIUS_MIN 5
#define CARRIER_RADIUS_MAX 18
#define CARRIER_AXIS_MIN   2 /* lines of text and tables fill the axes */

#define CARRIER_SYNC  28
#define CARRIER_LINES 384 /* all there are is fewer: carrier.count */
#define CARRIER_CODED CONVOLUTION_CODED(WATERMARK_FRAME_BITS)

struct carrier_line {
	int kx, ky;   /* ky is positive: the other half of the plane mirrors this one */
	float re, im; /* the keyed phase, length 1 */
};

/* One of two bits that a data line has. */
struct carrier_chip {
	uint16_t coded; /* which bit */
	int8_t sign;	/* scrambled: -1 turns it */
};

struct carrier {
	unsigned int count; /* of lines; the first CARRIER_SYNC tell the geometry */
	struct carrier_line lines[CARRIER_LINES + CARRIER_SYNC];
	struct carrier_chip chips[2 * CARRIER_LINES]; /* two for each line after these */
};

/* -EIO: OpenSSL has no ChaCha20. */
int carrier_init(struct carrier *carrier, const uint8_t lattice[WATERMARK_KEY_SIZE]);

/* How many lines carry bits. */
static inline unsigned int carrier_data(const struct carrier *carrier)
{
	return carrier->count - CARRIER_SYNC;
}

#endif
