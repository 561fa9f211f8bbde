/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/cells.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define CELL_LEAST \
	80 /* pixels of the residual, and fewer than twice that many where there is space */
#define ALONG_MIN 2 /* cells in a row or column: one does not tell what drifts along it */

struct span {
	unsigned int from, to;
};

static unsigned int cells_along(unsigned int size)
{
	unsigned int count = size / CELL_LEAST;

	return count < ALONG_MIN ? ALONG_MIN : count > CELLS_ALONG_MAX ? CELLS_ALONG_MAX : count;
}

static struct span span_of(unsigned int number, unsigned int count, unsigned int size)
{
	return (struct span){number * size / count, (number + 1) * size / count};
}

/* Of a row, the sum of its pixels times a wave. */
static struct wave row_sum(const float *restrict row, const float *restrict re,
	const float *restrict im, unsigned int count)
{
	/* four sums each, which a compiler may not make of one by itself */
	float sum_re[4] = {0}, sum_im[4] = {0};
	unsigned int whole = count / 4 * 4;

	for (unsigned int x = 0; x < whole; x += 4)
		for (unsigned int i = 0; i < 4; i++) {
			sum_re[i] += row[x + i] * re[x + i];
			sum_im[i] += row[x + i] * im[x + i];
		}
	for (unsigned int x = whole; x < count; x++) {
		sum_re[0] += row[x] * re[x];
		sum_im[0] += row[x] * im[x];
	}
	return (struct wave){sum_re[0] + sum_re[1] + sum_re[2] + sum_re[3],
		sum_im[0] + sum_im[1] + sum_im[2] + sum_im[3]};
}

/* exp(-i * turn * n), n from -middle on. */
static void fill_wave(double turn, double middle, unsigned int count, float *ret_re, float *ret_im)
{
	double re = cos(turn * middle), im = sin(turn * middle);
	double step_re = cos(turn), step_im = -sin(turn), old;

	for (unsigned int i = 0; i < count; i++) {
		ret_re[i] = (float)re;
		ret_im[i] = (float)im;
		old = re;
		re = re * step_re - im * step_im;
		im = old * step_im + im * step_re;
	}
}

static struct wave line_of(const struct plane *residual, struct span rows, struct span columns,
	float x, float y, float *buffer)
{
	unsigned int width = columns.to - columns.from, height = rows.to - rows.from;
	float *across_re = buffer, *across_im = across_re + width;
	float *down_re = across_im + width, *down_im = down_re + height;
	struct wave sum = {0, 0};

	fill_wave(2 * M_PI * (double)x, (width - 1) / 2.0, width, across_re, across_im);
	fill_wave(2 * M_PI * (double)y, (height - 1) / 2.0, height, down_re, down_im);
	for (unsigned int i = 0; i < height; i++) {
		const float *row = residual->at + (size_t)(rows.from + i) * residual->width;
		struct wave part = row_sum(row + columns.from, across_re, across_im, width);

		sum.re += part.re * down_re[i] - part.im * down_im[i];
		sum.im += part.re * down_im[i] + part.im * down_re[i];
	}
	return sum;
}

static void fill_cell(const struct plane *residual, struct span rows, struct span columns,
	const struct warp *warp, const struct carrier *carrier, const float *noise, float *buffer,
	struct cell *cell)
{
	struct affine slope;

	cell->x = (float)(columns.from + columns.to) - (float)residual->width;
	cell->y = (float)(rows.from + rows.to) - (float)residual->height;
	cell->distance = hypotf(cell->x - warp->origin_x, cell->y - warp->origin_y);
	slope = warp_slope(warp, cell->x, cell->y);
	for (unsigned int i = 0; i < CARRIER_SYNC; i++) {
		const struct carrier_line *line = &carrier->lines[i];
		float weight = 1 / sqrtf(noise[i]), x, y;
		struct wave wave;

		search_frequency(&slope, line, &x, &y);
		wave = line_of(residual, rows, columns, x, y, buffer);
		cell->lines[i] = (struct wave){(wave.re * line->re + wave.im * line->im) * weight,
			(wave.im * line->re - wave.re * line->im) * weight};
	}
}

static int compare(const void *one, const void *other)
{
	const struct cell *a = one, *b = other;

	return (a->distance > b->distance) - (a->distance < b->distance);
}

int cells_make(const struct plane *residual, const struct warp *warp, const struct carrier *carrier,
	const float *noise, struct cells *ret_cells)
{
	unsigned int across = cells_along(residual->width), down = cells_along(residual->height);
	unsigned int count = across * down;
	auto_free struct cell *cells = malloc(count * sizeof(*cells));
	/* a cell is less than its part of the picture, rounded up */
	size_t sides = residual->width / across + residual->height / down + 2;
	auto_free float *buffer = malloc(2 * sides * sizeof(*buffer));

	if (!cells || !buffer)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		fill_cell(residual, span_of(i / across, down, residual->height),
			span_of(i % across, across, residual->width), warp, carrier, noise, buffer,
			&cells[i]);
	qsort(cells, count, sizeof(*cells), compare);
	*ret_cells = (struct cells){count, take_ptr(cells), carrier->lines};
	return 0;
}

void cells_done(struct cells *cells)
{
	free(cells->cells);
	cells->cells = NULL;
}
