/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/align.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

#define DRIFT_FIRST 0.004f /* what a search is wrong by at most: pixels for each */
#define DRIFT_LEAST 0.0001f
#define DRIFT_MOST  0.02f
#define PLACE_FIRST 0.5f
#define PLACE_LEAST 0.05f

static struct wave turned(struct wave wave, const struct carrier_line *line, float x, float y)
{
	float angle = (float)(2 * M_PI / WATERMARK_TILE) *
		      ((float)line->kx * x + (float)line->ky * y);
	float c = cosf(angle), s = sinf(angle);

	return (struct wave){wave.re * c - wave.im * s, wave.re * s + wave.im * c};
}

static void place_of(const struct alignment *alignment, const struct fold_block *block,
	float *ret_x, float *ret_y)
{
	*ret_x = alignment->x + alignment->drift.xx * block->x + alignment->drift.xy * block->y;
	*ret_y = alignment->y + alignment->drift.yx * block->x + alignment->drift.yy * block->y;
}

/* How well the lines with known phases agree there. */
static float score_of(const struct fold *fold, const struct carrier *carrier, const float *noise,
	const struct alignment *alignment)
{
	float sum = 0, x, y;

	for (unsigned int i = 0; i < fold->count; i++) {
		const struct fold_block *block = &fold->blocks[i];

		place_of(alignment, block, &x, &y);
		for (unsigned int j = 0; j < CARRIER_SYNC; j++) {
			const struct carrier_line *line = &carrier->lines[j];
			struct wave wave = turned(block->lines[j], line, x, y);

			sum += (wave.re * line->re + wave.im * line->im) / sqrtf(noise[j]);
		}
	}
	return sum / sqrtf(CARRIER_SYNC / 2.0f);
}

/* The best whole pixel, when all blocks begin alike. */
static int find_place(const struct fold *fold, const struct carrier *carrier, const float *noise,
	struct alignment *alignment)
{
	const unsigned int row_size = WATERMARK_TILE / 2 + 1;
	auto_free struct wave *waves = calloc(row_size * WATERMARK_TILE, sizeof(*waves));
	auto_call(plane_done) struct plane scores = {0};
	size_t best = 0;
	int r;

	r = plane_init(&scores, WATERMARK_TILE, WATERMARK_TILE);
	if (r < 0 || !waves)
		return -ENOMEM;
	for (unsigned int j = 0; j < CARRIER_SYNC; j++) {
		const struct carrier_line *line = &carrier->lines[j];
		struct wave sum = {0, 0}, product;
		unsigned int row = (unsigned int)line->ky;

		for (unsigned int i = 0; i < fold->count; i++) {
			sum.re += fold->blocks[i].lines[j].re;
			sum.im += fold->blocks[i].lines[j].im;
		}
		product.re = (sum.re * line->re + sum.im * line->im) / sqrtf(noise[j]);
		product.im = (sum.im * line->re - sum.re * line->im) / sqrtf(noise[j]);
		if (line->kx < 0) { /* of a real plane the mirrored line is the conjugate */
			product.im = -product.im;
			row = WATERMARK_TILE - row;
		}
		waves[row * row_size + (unsigned int)abs(line->kx)] = product;
	}
	r = transform_back(waves, &scores);
	if (r < 0)
		return r;
	for (size_t i = 1; i < plane_size(&scores); i++)
		if (scores.at[i] > scores.at[best])
			best = i;
	*alignment = (struct alignment){
		.x = (float)(best % WATERMARK_TILE), .y = (float)(best / WATERMARK_TILE)};
	return 0;
}

/* Uphill: one number after the other, with steps that shrink. */
static void climb(const struct fold *fold, const struct carrier *carrier, const float *noise,
	struct alignment *alignment)
{
	float drift_step = DRIFT_FIRST, place_step = PLACE_FIRST;

	alignment->score = score_of(fold, carrier, noise, alignment);
	while (drift_step > DRIFT_LEAST || place_step > PLACE_LEAST) {
		bool is_better = false;

		for (unsigned int i = 0; i < 12; i++) {
			struct alignment next = *alignment;
			float *member[] = {&next.drift.xx, &next.drift.xy, &next.drift.yx,
				&next.drift.yy, &next.x, &next.y};
			float step = i / 2 < 4 ? drift_step : place_step;

			*member[i / 2] += i % 2 ? step : -step;
			if (i / 2 < 4 && fabsf(*member[i / 2]) > DRIFT_MOST)
				continue;
			next.score = score_of(fold, carrier, noise, &next);
			if (next.score <= alignment->score)
				continue;
			*alignment = next;
			is_better = true;
		}
		if (!is_better) {
			drift_step /= 2;
			place_step /= 2;
		}
	}
}

int align_blocks(const struct fold *fold, const struct carrier *carrier, const float *noise,
	struct alignment *ret_alignment)
{
	int r;

	r = find_place(fold, carrier, noise, ret_alignment);
	if (r < 0)
		return r;
	climb(fold, carrier, noise, ret_alignment);
	return 0;
}

void align_sum(const struct fold *fold, const struct carrier *carrier,
	const struct alignment *alignment, struct wave *ret_lines)
{
	float x, y;

	memset(ret_lines, 0, carrier->count * sizeof(*ret_lines));
	for (unsigned int i = 0; i < fold->count; i++) {
		const struct fold_block *block = &fold->blocks[i];

		place_of(alignment, block, &x, &y);
		for (unsigned int j = 0; j < carrier->count; j++) {
			struct wave wave = turned(block->lines[j], &carrier->lines[j], x, y);

			ret_lines[j].re += wave.re;
			ret_lines[j].im += wave.im;
		}
	}
}
