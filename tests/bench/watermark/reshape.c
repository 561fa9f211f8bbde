/* SPDX-License-Identifier: Apache-2.0 */
/* Where pixels go: scale, turn, cut, blur. */
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/bench/watermark/attack.h"

#define TAPS_MAX 64

/* What of which pixels one is made of. */
struct taps {
	int first, count;
	float weight[TAPS_MAX];
};

/* A tent as wide as two pixels of the coarser side: what browsers and chat applications do. */
static struct taps taps_of(unsigned int at, unsigned int from, unsigned int to)
{
	double ratio = (double)from / to, reach = ratio > 1 ? ratio : 1;
	double middle = (at + 0.5) * ratio - 0.5;
	struct taps taps = {.first = (int)ceil(middle - reach)};
	float sum = 0;

	for (int i = taps.first; i < middle + reach && taps.count < TAPS_MAX; i++) {
		taps.weight[taps.count] = (float)(1 - fabs(i - middle) / reach);
		sum += taps.weight[taps.count++];
	}
	for (int i = 0; i < taps.count; i++)
		taps.weight[i] /= sum;
	return taps;
}

static unsigned int within(int at, unsigned int size)
{
	return at < 0 ? 0 : at >= (int)size ? size - 1 : (unsigned int)at;
}

static void mix_rows(const struct image *image, const struct taps *rows, float *restrict ret_row)
{
	memset(ret_row, 0, (size_t)image->width * 3 * sizeof(*ret_row));
	for (int i = 0; i < rows->count; i++) {
		const uint8_t *from = image_pixel(image, 0, within(rows->first + i, image->height));

		for (size_t x = 0; x < (size_t)image->width * 3; x++)
			ret_row[x] += rows->weight[i] * (float)from[x];
	}
}

static void mix_columns(
	const float *row, unsigned int width, const struct taps *columns, uint8_t ret_pixel[3])
{
	float sum[3] = {0};

	for (int i = 0; i < columns->count; i++)
		for (unsigned int j = 0; j < 3; j++)
			sum[j] += columns->weight[i] *
				  row[3 * within(columns->first + i, width) + j];
	for (unsigned int j = 0; j < 3; j++)
		ret_pixel[j] = image_level((double)sum[j]);
}

struct image resize(const struct image *image, unsigned int width, unsigned int height)
{
	struct image to = image_new(width, height);
	auto_free struct taps *columns = malloc(width * sizeof(*columns));
	auto_free float *row = malloc((size_t)image->width * 3 * sizeof(*row));

	if (!columns || !row)
		err(1, "resize");
	for (unsigned int x = 0; x < width; x++)
		columns[x] = taps_of(x, image->width, width);
	for (unsigned int y = 0; y < height; y++) {
		struct taps rows = taps_of(y, image->height, height);

		mix_rows(image, &rows, row);
		for (unsigned int x = 0; x < width; x++)
			mix_columns(row, image->width, &columns[x], image_pixel(&to, x, y));
	}
	return to;
}

struct image rotate(const struct image *image, double degrees)
{
	struct image to = image_new(image->width, image->height);
	double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180);

	for (unsigned int y = 0; y < to.height; y++)
		for (unsigned int x = 0; x < to.width; x++) {
			double right = x - to.width / 2.0, down = y - to.height / 2.0;
			double u = c * right + s * down + to.width / 2.0;
			double v = c * down - s * right + to.height / 2.0;
			double a = u - floor(u), b = v - floor(v);
			uint8_t *pixel = image_pixel(&to, x, y);
			const uint8_t *above, *below;

			if (u < 0 || v < 0 || u >= to.width - 1 || v >= to.height - 1)
				continue;
			above = image_pixel(image, (unsigned int)u, (unsigned int)v);
			below = image_pixel(image, (unsigned int)u, (unsigned int)v + 1);
			for (unsigned int j = 0; j < 3; j++)
				pixel[j] = image_level(
					(1 - b) * ((1 - a) * above[j] + a * above[j + 3]) +
					b * ((1 - a) * below[j] + a * below[j + 3]));
		}
	return to;
}

struct image crop(const struct image *image, unsigned int left, unsigned int top,
	unsigned int width, unsigned int height)
{
	struct image to = image_new(width, height);

	for (unsigned int y = 0; y < height; y++)
		memcpy(image_pixel(&to, 0, y), image_pixel(image, left, top + y),
			(size_t)width * 3);
	return to;
}

static struct taps gauss(double sigma)
{
	int reach = (int)ceil(3 * sigma);
	struct taps taps = {.count = 2 * reach + 1};
	float sum = 0;

	if (taps.count > TAPS_MAX)
		errx(1, "blur too wide");
	for (int i = 0; i < taps.count; i++) {
		taps.weight[i] = (float)exp(-(i - reach) * (i - reach) / (2 * sigma * sigma));
		sum += taps.weight[i];
	}
	for (int i = 0; i < taps.count; i++)
		taps.weight[i] /= sum;
	return taps;
}

struct image blur(const struct image *image, double sigma)
{
	struct image to = image_new(image->width, image->height);
	struct taps taps = gauss(sigma);
	auto_free float *row = malloc((size_t)image->width * 3 * sizeof(*row));

	if (!row)
		err(1, "blur");
	for (unsigned int y = 0; y < to.height; y++) {
		struct taps rows = taps, columns = taps;

		rows.first = (int)y - taps.count / 2;
		mix_rows(image, &rows, row);
		for (unsigned int x = 0; x < to.width; x++) {
			columns.first = (int)x - taps.count / 2;
			mix_columns(row, to.width, &columns, image_pixel(&to, x, y));
		}
	}
	return to;
}
