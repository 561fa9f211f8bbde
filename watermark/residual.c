/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/residual.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* The ground: medians of every fourth pixel in windows of 25 pixels, and between them straight; units of them. */
#define STEP	      4
#define WINDOW_RADIUS 3 /* of those pixels */

#define OUTLIER	   32.0f /* further from the ground is a letter */
#define NOISE	   8.0f	 /* grey levels squared: less restless is no better */
#define BOX_RADIUS 6	 /* at half size: 25 pixels */

struct ground {
	unsigned int step, width, height;
	uint8_t *samples, *medians;
};

/* A window's pixels by value, and how many are below the median that it remembers. */
struct histogram {
	uint16_t count[256];
	unsigned int below, total;
	unsigned int median;
};

static void ground_done(struct ground *ground)
{
	free(ground->samples);
	free(ground->medians);
}

/* The mean of unit times unit pixels: of one alone there is more noise than mark. */
static uint8_t sample_of(const uint8_t *from, unsigned int width, unsigned int unit)
{
	unsigned int sum = 0;

	for (unsigned int y = 0; y < unit; y++)
		for (unsigned int x = 0; x < unit; x++)
			sum += from[(size_t)y * width + x];
	return (uint8_t)((sum + unit * unit / 2) / (unit * unit));
}

static int ground_init(struct ground *ground, const struct luma *luma, unsigned int unit)
{
	unsigned int step = STEP * unit;

	ground->step = step;
	ground->width = luma->width / step;
	ground->height = luma->height / step;
	ground->samples = malloc((size_t)ground->width * ground->height);
	ground->medians = malloc((size_t)ground->width * ground->height);
	if (!ground->samples || !ground->medians)
		return -ENOMEM;
	for (unsigned int y = 0; y < ground->height; y++) {
		const uint8_t *from = luma->at + (size_t)(y * step + step / 2) * luma->width;

		for (unsigned int x = 0; x < ground->width; x++)
			ground->samples[(size_t)y * ground->width + x] = sample_of(
				from + x * step + step / 2, luma->width, unit);
	}
	return 0;
}

static void histogram_change(struct histogram *histogram, uint8_t value, int by)
{
	histogram->count[value] = (uint16_t)(histogram->count[value] + by);
	histogram->total += (unsigned int)by;
	if (value < histogram->median)
		histogram->below += (unsigned int)by;
}

/* T. S. Huang's: the median moves little from one window to the next. */
static uint8_t histogram_median(struct histogram *histogram)
{
	unsigned int half = histogram->total / 2;

	while (histogram->below > half)
		histogram->below -= histogram->count[--histogram->median];
	while (histogram->below + histogram->count[histogram->median] <= half)
		histogram->below += histogram->count[histogram->median++];
	return (uint8_t)histogram->median;
}

static void change_column(const struct ground *ground, struct histogram *histogram, unsigned int x,
	unsigned int y, int by)
{
	unsigned int top = y > WINDOW_RADIUS ? y - WINDOW_RADIUS : 0;

	for (unsigned int row = top; row <= y + WINDOW_RADIUS && row < ground->height; row++)
		histogram_change(histogram, ground->samples[(size_t)row * ground->width + x], by);
}

static void ground_find(struct ground *ground)
{
	for (unsigned int y = 0; y < ground->height; y++) {
		struct histogram histogram = {0};

		for (unsigned int x = 0; x < WINDOW_RADIUS && x < ground->width; x++)
			change_column(ground, &histogram, x, y, 1);
		for (unsigned int x = 0; x < ground->width; x++) {
			if (x + WINDOW_RADIUS < ground->width)
				change_column(ground, &histogram, x + WINDOW_RADIUS, y, 1);
			if (x > WINDOW_RADIUS)
				change_column(ground, &histogram, x - WINDOW_RADIUS - 1, y, -1);
			ground->medians[(size_t)y * ground->width + x] = histogram_median(
				&histogram);
		}
	}
}

/* Where between two medians a pixel is. */
struct between {
	unsigned int first, second;
	float share; /* of the second */
};

static struct between between_of(unsigned int pixel, unsigned int step, unsigned int count)
{
	unsigned int last = count - 1, first;

	if (pixel < step / 2)
		return (struct between){0, 0, 0};
	first = (pixel - step / 2) / step;
	if (first >= last)
		return (struct between){last, last, 0};
	return (struct between){first, first + 1, (float)((pixel - step / 2) % step) / (float)step};
}

/* The ground under a row of pixels. */
static void ground_row(const struct ground *ground, unsigned int y, unsigned int width,
	float *restrict medians, float *restrict ret_row)
{
	struct between rows = between_of(y, ground->step, ground->height);
	const uint8_t *above = ground->medians + (size_t)rows.first * ground->width;
	const uint8_t *below = ground->medians + (size_t)rows.second * ground->width;

	for (unsigned int x = 0; x < ground->width; x++)
		medians[x] = (float)above[x] + rows.share * (float)(below[x] - above[x]);
	for (unsigned int x = 0; x < width; x++) {
		struct between columns = between_of(x, ground->step, ground->width);

		ret_row[x] = medians[columns.first] +
			     columns.share * (medians[columns.second] - medians[columns.first]);
	}
}

/* Sums over two by two pixels, or units of them, of what is no letter. */
struct sums {
	struct plane difference, square, count;
};

static void sums_done(struct sums *sums)
{
	plane_done(&sums->difference);
	plane_done(&sums->square);
	plane_done(&sums->count);
}

static int sums_init(struct sums *sums, unsigned int width, unsigned int height)
{
	int r;

	r = plane_init(&sums->difference, width, height);
	if (r == 0)
		r = plane_init(&sums->square, width, height);
	if (r == 0)
		r = plane_init(&sums->count, width, height);
	return r;
}

static void sum_row(struct sums *sums, unsigned int row_number, unsigned int pixels,
	const uint8_t *restrict from, const float *restrict ground)
{
	size_t row = (size_t)row_number * sums->difference.width;
	float *restrict difference = sums->difference.at + row;
	float *restrict square = sums->square.at + row;
	float *restrict count = sums->count.at + row;

	for (unsigned int x = 0; x < sums->difference.width; x++)
		for (unsigned int i = pixels * x; i < pixels * (x + 1); i++) {
			float d = (float)from[i] - ground[i];
			float is_plain = fabsf(d) <= OUTLIER ? 1 : 0;

			difference[x] += is_plain * d;
			square[x] += is_plain * d * d;
			count[x] += is_plain;
		}
}

static int sum_all(
	const struct luma *luma, const struct ground *ground, unsigned int unit, struct sums *sums)
{
	auto_free float *medians = malloc(ground->width * sizeof(*medians));
	auto_free float *row = malloc(luma->width * sizeof(*row));

	if (!medians || !row)
		return -ENOMEM;
	for (unsigned int y = 0; y < sums->difference.height * 2 * unit; y++) {
		ground_row(ground, y, luma->width, medians, row);
		sum_row(sums, y / (2 * unit), 2 * unit, luma->at + (size_t)y * luma->width, row);
	}
	return 0;
}

static int weigh(struct sums *sums)
{
	size_t size = plane_size(&sums->difference);
	float *restrict difference = sums->difference.at;
	double mean = 0;
	int r;

	r = plane_box(&sums->square, BOX_RADIUS);
	if (r == 0)
		r = plane_box(&sums->count, BOX_RADIUS);
	if (r < 0)
		return r;
	for (size_t i = 0; i < size; i++) {
		float variance = sums->square.at[i] / (sums->count.at[i] + 1);

		difference[i] /= variance + NOISE;
		mean += (double)difference[i];
	}
	mean /= (double)size;
	for (size_t i = 0; i < size; i++)
		difference[i] -= (float)mean;
	return 0;
}

int residual_make(const struct luma *luma, unsigned int unit, struct plane *ret_residual)
{
	auto_call(ground_done) struct ground ground = {0};
	auto_call(sums_done) struct sums sums = {0};
	int r;

	r = ground_init(&ground, luma, unit);
	if (r < 0)
		return r;
	ground_find(&ground);
	r = sums_init(&sums, luma->width / (2 * unit), luma->height / (2 * unit));
	if (r == 0)
		r = sum_all(luma, &ground, unit, &sums);
	if (r == 0)
		r = weigh(&sums);
	if (r < 0)
		return r;
	*ret_residual = sums.difference;
	sums.difference = (struct plane){0};
	return 0;
}
