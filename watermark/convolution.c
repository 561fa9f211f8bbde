/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/convolution.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define STATES	    (1u << CONVOLUTION_MEMORY) /* the last 14 bits, the newest in the lowest place */
#define HALF	    (STATES / 2)
#define UNREACHABLE (-20000) /* below what any path may fall behind: 14 steps of 2 * 6 * 100 */

/* CCSDS 101.0-B / Cassini; each begins and ends with a one, which butterfly() needs. */
static const uint16_t polynomials[CONVOLUTION_RATE] = {
	042631, 047245, 056507, 073363, 077267, 064537};

static uint8_t parity(unsigned int bits)
{
	return (uint8_t)__builtin_parity(bits);
}

void convolution_encode(const uint8_t *bits, size_t count, uint8_t *ret_coded)
{
	unsigned int memory = 0;

	assert(count <= CONVOLUTION_BITS_MAX);
	for (size_t i = 0; i < count + CONVOLUTION_MEMORY; i++) {
		memory = memory << 1 | (i < count ? bits[i] : 0u);
		for (unsigned int j = 0; j < CONVOLUTION_RATE; j++)
			*ret_coded++ = parity(memory & polynomials[j]);
	}
}

struct trellis {
	/* 1 where the coded bit is 1 for state i and a 0 to come, else -1 */
	int16_t sign[CONVOLUTION_RATE][HALF];
	int16_t branch[HALF], metric[2][STATES];
	uint8_t from_upper[CONVOLUTION_BITS_MAX + CONVOLUTION_MEMORY][STATES];
};

static void trellis_init(struct trellis *trellis)
{
	for (unsigned int i = 0; i < HALF; i++)
		for (unsigned int j = 0; j < CONVOLUTION_RATE; j++)
			trellis->sign[j][i] = parity(i << 1 & polynomials[j]) ? 1 : -1;
	for (unsigned int i = 1; i < STATES; i++)
		trellis->metric[0][i] = UNREACHABLE;
	trellis->metric[0][0] = 0;
}

/*
 * States i and i + HALF lead to 2i and 2i + 1. As all polynomials have their first and last bit, of
 * the four branches two have the coded bits of (i, 0) and two their complement.
 */
static void butterfly(struct trellis *trellis, const int16_t *restrict old, int16_t *restrict new,
	uint8_t *restrict from_upper)
{
	const int16_t *branch = trellis->branch;

	for (unsigned int i = 0; i < HALF; i++) {
		int16_t low_zero = (int16_t)(old[i] + branch[i]);
		int16_t high_zero = (int16_t)(old[i + HALF] - branch[i]);
		int16_t low_one = (int16_t)(old[i] - branch[i]);
		int16_t high_one = (int16_t)(old[i + HALF] + branch[i]);

		new[2 * i] = high_zero > low_zero ? high_zero : low_zero;
		new[2 * i + 1] = high_one > low_one ? high_one : low_one;
		from_upper[2 * i] = high_zero > low_zero;
		from_upper[2 * i + 1] = high_one > low_one;
	}
}

static void step(struct trellis *trellis, const int16_t *soft, size_t number)
{
	int16_t *old = trellis->metric[number % 2], *new = trellis->metric[(number + 1) % 2];
	int16_t level;

	for (unsigned int i = 0; i < HALF; i++) {
		int16_t sum = 0;

		for (unsigned int j = 0; j < CONVOLUTION_RATE; j++)
			sum = (int16_t)(sum + trellis->sign[j][i] * soft[j]);
		trellis->branch[i] = sum;
	}
	butterfly(trellis, old, new, trellis->from_upper[number]);
	level = new[0]; /* only differences count: they stay within an int16_t */
	for (unsigned int i = 0; i < STATES; i++)
		new[i] = (int16_t)(new[i] - level > UNREACHABLE ? new[i] - level : UNREACHABLE);
}

int convolution_decode(const int16_t *soft, size_t count, uint8_t *ret_bits)
{
	auto_free struct trellis *trellis = malloc(sizeof(*trellis));
	size_t steps = count + CONVOLUTION_MEMORY;
	unsigned int state = 0; /* the tail ends there */

	assert(count <= CONVOLUTION_BITS_MAX);
	if (!trellis)
		return -ENOMEM;
	trellis_init(trellis);
	for (size_t i = 0; i < steps; i++)
		step(trellis, soft + i * CONVOLUTION_RATE, i);
	for (size_t i = steps; i-- > 0;) {
		if (i < count)
			ret_bits[i] = state & 1;
		state = state >> 1 | (trellis->from_upper[i][state] ? HALF : 0);
	}
	return 0;
}
