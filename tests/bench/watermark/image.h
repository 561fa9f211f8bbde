/* SPDX-License-Identifier: Apache-2.0 */
/* A coloured picture in memory, and numbers that a seed gives: the same ones on every machine. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_IMAGE_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct image {
	unsigned int width, height;
	uint8_t *at; /* red, green, blue; row by row */
};

/* Black; ends the program when there is no memory. */
struct image image_new(unsigned int width, unsigned int height);
void image_done(struct image *image); /* for auto_call() */

static inline uint8_t *image_pixel(const struct image *image, unsigned int x, unsigned int y)
{
	return image->at + 3 * ((size_t)y * image->width + x);
}

/* BT.601; width * height of them, the caller frees. */
uint8_t *image_luma(const struct image *image);

uint8_t image_level(double value); /* rounded, within 0 to 255 */

struct dice {
	uint64_t state;
};

uint64_t dice_bits(struct dice *dice);
unsigned int dice_below(struct dice *dice, unsigned int below);
double dice_between(struct dice *dice, double least, double most);
double dice_normal(struct dice *dice); /* mean 0, deviation 1, by a sum of four: no tails */

#endif
