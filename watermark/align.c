/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/align.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define STEP_FIRST 1.0f /* pixels of the screen at the edge */
#define STEP_LEAST 0.05f

#define GROW_FIRST 9 /* cells, around the origin */
#define GROW_BY	   1.5f

/* Turns by one to CARRIER_RADIUS_MAX times an angle. */
static void fill_powers(float pixels, struct wave ret_powers[CARRIER_RADIUS_MAX + 1])
{
	float angle = -(float)(2 * M_PI / WATERMARK_TILE) * pixels;
	struct wave one = {cosf(angle), sinf(angle)};

	ret_powers[0] = (struct wave){1, 0};
	for (unsigned int i = 1; i <= CARRIER_RADIUS_MAX; i++) {
		struct wave last = ret_powers[i - 1];

		ret_powers[i] = (struct wave){
			last.re * one.re - last.im * one.im, last.re * one.im + last.im * one.re};
	}
}

struct some_cells {
	const struct carrier_line *lines;
	const struct cell *cells;
	unsigned int count;
};

/* The lines of a cell, turned to where a tile begins. */
static void turn_cell(const struct some_cells *some, const struct cell *cell,
	const struct warp *warp, struct wave ret_lines[CARRIER_SYNC])
{
	struct wave across[CARRIER_RADIUS_MAX + 1], down[CARRIER_RADIUS_MAX + 1];
	float x, y;

	warp_place(warp, cell->x, cell->y, &x, &y);
	fill_powers(x, across);
	fill_powers(y, down);
	for (unsigned int i = 0; i < CARRIER_SYNC; i++) {
		const struct carrier_line *line = &some->lines[i];
		struct wave a = across[abs(line->kx)], b = down[line->ky], turn;
		const struct wave *wave = &cell->lines[i];

		if (line->kx < 0)
			a.im = -a.im;
		turn = (struct wave){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
		ret_lines[i] = (struct wave){wave->re * turn.re - wave->im * turn.im,
			wave->re * turn.im + wave->im * turn.re};
	}
}

static float sum_real(const struct warp *warp, const void *userdata)
{
	const struct some_cells *some = userdata;
	struct wave lines[CARRIER_SYNC];
	float sum = 0;

	for (unsigned int i = 0; i < some->count; i++) {
		turn_cell(some, &some->cells[i], warp, lines);
		for (unsigned int j = 0; j < CARRIER_SYNC; j++)
			sum += lines[j].re;
	}
	return sum;
}

/* The best whole pixel for all of them, as they lie to each other. */
static int find_place(const struct some_cells *some, struct warp *warp)
{
	const unsigned int row_size = WATERMARK_TILE / 2 + 1;
	auto_free struct wave *waves = calloc(row_size * WATERMARK_TILE, sizeof(*waves));
	auto_call(plane_done) struct plane scores = {0};
	struct wave sums[CARRIER_SYNC] = {0}, lines[CARRIER_SYNC];
	size_t best = 0;
	int r;

	r = plane_init(&scores, WATERMARK_TILE, WATERMARK_TILE);
	if (r < 0 || !waves)
		return -ENOMEM;
	for (unsigned int i = 0; i < some->count; i++) {
		turn_cell(some, &some->cells[i], warp, lines);
		for (unsigned int j = 0; j < CARRIER_SYNC; j++) {
			sums[j].re += lines[j].re;
			sums[j].im += lines[j].im;
		}
	}
	for (unsigned int j = 0; j < CARRIER_SYNC; j++) {
		const struct carrier_line *line = &some->lines[j];
		unsigned int row = (unsigned int)line->ky;

		sums[j].im = -sums[j].im; /* a shift turns backwards */
		if (line->kx < 0) {	  /* of a real plane the mirrored line is the conjugate */
			sums[j].im = -sums[j].im;
			row = WATERMARK_TILE - row;
		}
		waves[row * row_size + (unsigned int)abs(line->kx)] = sums[j];
	}
	r = transform_back(waves, &scores);
	if (r < 0)
		return r;
	for (size_t i = 1; i < plane_size(&scores); i++)
		if (scores.at[i] > scores.at[best])
			best = i;
	warp->x += (float)(best % WATERMARK_TILE);
	warp->y += (float)(best / WATERMARK_TILE);
	return 0;
}

static struct warp_climb climb_of(const struct some_cells *some, unsigned int end)
{
	return (struct warp_climb){
		.end = end,
		.radius = some->cells[some->count - 1].distance,
		.step = STEP_FIRST,
		.least = STEP_LEAST,
		.score = sum_real,
		.userdata = some,
	};
}

/* Noise is of the whole picture. */
static float deviations(float sum)
{
	return sum / sqrtf(CARRIER_SYNC / 2.0f);
}

int align_whole(const struct cells *cells, struct warp *warp, float *ret_score)
{
	const struct some_cells all = {cells->lines, cells->cells, cells->count};
	const struct warp_climb climb = climb_of(&all, WARP_SLOPE);
	int r;

	r = find_place(&all, warp);
	if (r == 0)
		*ret_score = deviations(warp_climb(&climb, warp));
	return r;
}

int align_growing(const struct cells *cells, struct warp *warp, float *ret_score)
{
	struct some_cells some = {
		cells->lines, cells->cells, cells->count < GROW_FIRST ? cells->count : GROW_FIRST};
	struct warp_climb climb = climb_of(&some, WARP_SHIFT);
	int r;

	r = find_place(&some, warp);
	if (r < 0)
		return r;
	(void)warp_climb(&climb, warp); /* only where it leads */
	for (;;) {
		climb = climb_of(
			&some, some.count < cells->count / 2 ? WARP_PERSPECTIVE : WARP_ALL);
		*ret_score = deviations(warp_climb(&climb, warp));
		if (some.count == cells->count)
			return 0;
		some.count = (unsigned int)((float)some.count * GROW_BY);
		if (some.count > cells->count)
			some.count = cells->count;
	}
}

float align_again(const struct cells *cells, struct warp *warp)
{
	const struct some_cells all = {cells->lines, cells->cells, cells->count};
	const struct warp_climb climb = climb_of(&all, WARP_ALL);

	return deviations(warp_climb(&climb, warp));
}
