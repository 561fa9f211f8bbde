/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/image.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>

struct image image_new(unsigned int width, unsigned int height)
{
	struct image image = {width, height, calloc((size_t)width * height, 3)};

	if (!image.at)
		err(1, "picture");
	return image;
}

void image_done(struct image *image)
{
	free(image->at);
	image->at = NULL;
}

uint8_t *image_luma(const struct image *image)
{
	size_t count = (size_t)image->width * image->height;
	uint8_t *luma = malloc(count);

	if (!luma)
		err(1, "picture");
	for (size_t i = 0; i < count; i++)
		luma[i] = (uint8_t)((77 * image->at[3 * i] + 150 * image->at[3 * i + 1] +
					    29 * image->at[3 * i + 2] + 128) >>
				    8);
	return luma;
}

uint8_t image_level(double value)
{
	return (uint8_t)lrint(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* SplitMix64 */
uint64_t dice_bits(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned int dice_below(struct dice *dice, unsigned int below)
{
	return (unsigned int)((dice_bits(dice) >> 32) * below >> 32);
}

double dice_between(struct dice *dice, double least, double most)
{
	return least + (most - least) * (double)(dice_bits(dice) >> 11) / 9007199254740992.0;
}

double dice_normal(struct dice *dice)
{
	uint64_t bits = dice_bits(dice);
	double sum = 0;

	for (unsigned int i = 0; i < 4; i++)
		sum += (double)(bits >> (16 * i) & 0xffff) / 65535;
	return (sum - 2) * 1.7320508;
}
