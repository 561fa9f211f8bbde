/* SPDX-License-Identifier: Apache-2.0 */
/* The convolutional code: what it corrects, and that it does not correct what cannot be. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "watermark/convolution.h"

#define BITS  80
#define CODED CONVOLUTION_CODED(BITS)
#define UNIT  25

static void random_bits(uint8_t *bits, unsigned int seed)
{
	srand(seed);
	for (unsigned int i = 0; i < BITS; i++)
		bits[i] = (uint8_t)(rand() >> 8 & 1);
}

/* Normal, by the sum of twelve. */
static double normal(void)
{
	double sum = -6;

	for (unsigned int i = 0; i < 12; i++)
		sum += (double)rand() / RAND_MAX;
	return sum;
}

/* How many of `rounds` frames come out of noise of that strength whole. */
static unsigned int decoded(double noise, unsigned int rounds)
{
	unsigned int good = 0;

	for (unsigned int round = 0; round < rounds; round++) {
		uint8_t bits[BITS], coded[CODED], got[BITS];
		int16_t soft[CODED];

		random_bits(bits, round);
		convolution_encode(bits, BITS, coded);
		for (unsigned int i = 0; i < CODED; i++)
			soft[i] = (int16_t)fmax(-CONVOLUTION_SOFT_MAX,
				fmin(CONVOLUTION_SOFT_MAX,
					UNIT * ((coded[i] ? 1 : -1) + noise * normal())));
		cr_assert_eq(convolution_decode(soft, BITS, got), 0);
		good += !memcmp(bits, got, BITS);
	}
	return good;
}

Test(watermark_code, without_noise)
{
	cr_expect_eq(decoded(0, 20), 20);
}

/* 2.3 dB for each bit of a frame: noise twice as strong as a coded bit, a third of which it turns. */
Test(watermark_code, corrects_a_third_of_the_bits)
{
	cr_expect_geq(decoded(1.6, 40), 38);
}

Test(watermark_code, noise_alone_is_no_frame)
{
	cr_expect_leq(decoded(6, 20), 1);
}

/* The first coded bits of a one are the highest places of the polynomials, which are all ones. */
Test(watermark_code, impulse)
{
	uint8_t bits[BITS] = {1}, coded[CODED];
	static const unsigned int polynomial = 042631;

	convolution_encode(bits, BITS, coded);
	for (unsigned int i = 0; i <= CONVOLUTION_MEMORY; i++)
		cr_expect_eq(coded[i * CONVOLUTION_RATE], polynomial >> i & 1, "place %u", i);
}
