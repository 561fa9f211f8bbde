/* SPDX-License-Identifier: Apache-2.0 */
/* A sum of waves, row by row: first along x for each ky, then along y. */
#include "watermark/tile.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "watermark/transform.h"

#define SYNC_POWER 0.35f /* of the tile's; 0.5 leaves too little for the bits */
#define ROWS	   (CARRIER_RADIUS_MAX + 1)
#define COLUMNS	   (2 * CARRIER_RADIUS_MAX + 1)

/* The spectrum: [ky][kx + CARRIER_RADIUS_MAX]. */
static void fill_spectrum(const struct carrier *carrier, const uint8_t frame[WATERMARK_FRAME_BITS],
	struct wave spectrum[ROWS][COLUMNS])
{
	const float sync = sqrtf(SYNC_POWER / CARRIER_SYNC);
	const float data = sqrtf((1 - SYNC_POWER) / (float)(2 * carrier_data(carrier)));
	uint8_t coded[CARRIER_CODED];

	convolution_encode(frame, WATERMARK_FRAME_BITS, coded);
	for (unsigned int i = 0; i < carrier->count; i++) {
		const struct carrier_line *line = &carrier->lines[i];
		struct wave *wave = &spectrum[line->ky][line->kx + CARRIER_RADIUS_MAX];
		const struct carrier_chip *chip;
		float re, im;

		if (i < CARRIER_SYNC) {
			*wave = (struct wave){sync * line->re, sync * line->im};
			continue;
		}
		chip = &carrier->chips[2 * (i - CARRIER_SYNC)];
		re = coded[chip[0].coded] ? data : -data;
		im = coded[chip[1].coded] ? data : -data;
		re *= chip[0].sign;
		im *= chip[1].sign;
		*wave = (struct wave){re * line->re - im * line->im, re * line->im + im * line->re};
	}
}

/* Unit waves around the tile: turns[i] = exp(2 pi i / side). */
static void fill_turns(struct wave *turns, unsigned int side)
{
	for (unsigned int i = 0; i < side; i++)
		turns[i] = (struct wave){
			(float)cos(2 * M_PI * i / side), (float)sin(2 * M_PI * i / side)};
}

/* The sum along x of a row of the spectrum, at x. */
static struct wave along_x(
	const struct wave row[COLUMNS], const struct wave *turns, unsigned int side, unsigned int x)
{
	struct wave sum = {0, 0};

	for (int kx = -CARRIER_RADIUS_MAX; kx <= CARRIER_RADIUS_MAX; kx++) {
		unsigned int steps = (unsigned int)abs(kx) * x % side;
		struct wave turn = turns[kx < 0 && steps ? side - steps : steps];
		struct wave wave = row[kx + CARRIER_RADIUS_MAX];

		sum.re += wave.re * turn.re - wave.im * turn.im;
		sum.im += wave.re * turn.im + wave.im * turn.re;
	}
	return sum;
}

static void fill_field(const struct wave (*columns)[ROWS], const struct wave *turns,
	unsigned int side, float *ret_field)
{
	for (unsigned int y = 0; y < side; y++)
		for (unsigned int x = 0; x < side; x++) {
			float sum = 0;

			for (unsigned int ky = 0; ky < ROWS; ky++) {
				struct wave turn = turns[ky * y % side];

				sum += columns[x][ky].re * turn.re - columns[x][ky].im * turn.im;
			}
			ret_field[y * side + x] = sum;
		}
}

static void quantise(const float *field, size_t count, unsigned int strength, uint8_t *ret_levels)
{
	const float half = (float)strength / 2;
	float square = 0, unit;

	for (size_t i = 0; i < count; i++)
		square += field[i] * field[i];
	unit = half / sqrtf(square / (float)count);
	for (size_t i = 0; i < count; i++)
		ret_levels[i] = (uint8_t)lrintf(fmaxf(0, fminf(2 * half, half + field[i] * unit)));
}

int watermark_tile(const struct carrier *carrier, const uint8_t frame[WATERMARK_FRAME_BITS],
	unsigned int strength, unsigned int side, uint8_t *ret_levels)
{
	struct wave spectrum[ROWS][COLUMNS] = {0};
	auto_free struct wave(*columns)[ROWS] = malloc(side * sizeof(*columns));
	auto_free struct wave *turns = malloc(side * sizeof(*turns));
	auto_free float *field = malloc((size_t)side * side * sizeof(*field));

	assert(side > 2 * CARRIER_RADIUS_MAX && side <= WATERMARK_TILE_SIDE_MAX);
	assert(strength > 0 && strength <= WATERMARK_STRENGTH_MAX);
	if (!columns || !turns || !field)
		return -ENOMEM;
	fill_spectrum(carrier, frame, spectrum);
	fill_turns(turns, side);
	for (unsigned int x = 0; x < side; x++)
		for (unsigned int ky = 0; ky < ROWS; ky++)
			columns[x][ky] = along_x(spectrum[ky], turns, side, x);
	fill_field(columns, turns, side, field);
	quantise(field, (size_t)side * side, strength, ret_levels);
	return 0;
}
