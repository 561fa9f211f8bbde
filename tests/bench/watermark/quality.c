/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/quality.h"

#include <math.h>

#include "common/cleanup.h"

#define WINDOW 8
#define STEP   4

double quality_psnr(const struct image *plain, const struct image *marked)
{
	size_t count = (size_t)plain->width * plain->height * 3;
	double square = 0;

	for (size_t i = 0; i < count; i++) {
		int difference = plain->at[i] - marked->at[i];

		square += difference * difference;
	}
	return 10 * log10(255.0 * 255.0 * (double)count / square);
}

static double window_ssim(const uint8_t *one, const uint8_t *other, unsigned int stride)
{
	const double first = 0.01 * 255 * 0.01 * 255, second = 0.03 * 255 * 0.03 * 255;
	const double count = WINDOW * WINDOW;
	double a = 0, b = 0, aa = 0, bb = 0, ab = 0;

	for (unsigned int i = 0; i < WINDOW * WINDOW; i++) {
		size_t at = (size_t)(i / WINDOW) * stride + i % WINDOW;

		a += one[at];
		b += other[at];
		aa += one[at] * one[at];
		bb += other[at] * other[at];
		ab += one[at] * other[at];
	}
	a /= count;
	b /= count;
	return (2 * a * b + first) * (2 * (ab / count - a * b) + second) /
	       ((a * a + b * b + first) * (aa / count - a * a + bb / count - b * b + second));
}

double quality_ssim(const struct image *plain, const struct image *marked)
{
	auto_free uint8_t *one = image_luma(plain);
	auto_free uint8_t *other = image_luma(marked);
	size_t count = 0;
	double sum = 0;

	for (unsigned int y = 0; y + WINDOW <= plain->height; y += STEP)
		for (unsigned int x = 0; x + WINDOW <= plain->width; x += STEP, count++)
			sum += window_ssim(one + (size_t)y * plain->width + x,
				other + (size_t)y * plain->width + x, plain->width);
	return sum / (double)count;
}
