/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The convolutional code of constraint length 15 and rate 1/6 that CCSDS's deep-space missions flew,
 * zero-tailed: at this length of frame 2 dB better than length 7, rate 1/2. Bits are bytes, 0 or 1.
 */
#ifndef HOLDFAST_WATERMARK_CONVOLUTION_H
#define HOLDFAST_WATERMARK_CONVOLUTION_H

#include <stddef.h>
#include <stdint.h>

#define CONVOLUTION_MEMORY   14
#define CONVOLUTION_RATE     6
#define CONVOLUTION_BITS_MAX 96	 /* of a frame */
#define CONVOLUTION_SOFT_MAX 100 /* of a soft bit, either way */
#define CONVOLUTION_CODED(n) (((n) + CONVOLUTION_MEMORY) * CONVOLUTION_RATE)

/* ret_coded: CONVOLUTION_CODED(count) bits; count <= CONVOLUTION_BITS_MAX. */
void convolution_encode(const uint8_t *bits, size_t count, uint8_t *ret_coded);

/*
 * The likeliest frame (Viterbi). soft: CONVOLUTION_CODED(count) values, above 0 where a coded bit is
 * likelier 1, in proportion to log(P(1)/P(0)), within CONVOLUTION_SOFT_MAX. -ENOMEM.
 */
int convolution_decode(const int16_t *soft, size_t count, uint8_t *ret_bits);

#endif
