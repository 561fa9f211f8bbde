/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/search.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "watermark/ranking.h"

/* How far the outermost line moves from one try to the next, in bins. */
#define STRIDE 0.75f
/* Half of the lines are looked at first: who has no more than noise there is not looked at again. */
#define FIRST_LINES 14
#define FIRST_LEAST (1.5f * FIRST_LINES)
/* Two candidates nearer than that, in strides, are one. */
#define APART 4.0f

struct polar {
	float scale, turn, score;
};

struct affine search_slope(float scale, float turn)
{
	float c = cosf(turn) / scale, s = sinf(turn) / scale;

	return (struct affine){c, s, -s, c};
}

static float score_of(
	const struct spectrum *spectrum, const struct carrier *carrier, const struct affine *slope)
{
	float sum = 0, x, y;

	for (unsigned int i = 0; i < CARRIER_SYNC; i++) {
		if (i == FIRST_LINES && sum < FIRST_LEAST)
			return 0;
		search_frequency(slope, &carrier->lines[i], &x, &y);
		sum += spectrum_line(spectrum, x, y);
	}
	return sum / CARRIER_SYNC;
}

/* What the outermost line moves by one stride is this change of scale, in proportion, or turn. */
static float stride_of(const struct spectrum *spectrum, float scale)
{
	unsigned int size = spectrum->width > spectrum->height ? spectrum->width : spectrum->height;

	return STRIDE * scale * WATERMARK_TILE /
	       (SEARCH_RESIDUAL_PIXEL * CARRIER_RADIUS_MAX * (float)size);
}

static void keep(
	const struct ranking *kept, unsigned int *count, const struct polar *found, float stride)
{
	const struct polar *one = kept->items;

	for (unsigned int i = 0; i < *count; i++) {
		if (fabsf(logf(one[i].scale / found->scale)) > APART * stride ||
			fabsf(one[i].turn - found->turn) > APART * stride)
			continue;
		if (one[i].score >= found->score)
			return;
		ranking_remove(kept, count, i);
		break;
	}
	ranking_insert(kept, count, found);
}

/* Uphill in all four numbers, with steps that shrink. */
static void refine(const struct spectrum *spectrum, const struct carrier *carrier, float stride,
	struct candidate *candidate)
{
	for (float step = stride / 2; step > stride / 20; step /= 2)
		for (bool is_better = true; is_better;) {
			is_better = false;
			for (unsigned int i = 0; i < 8; i++) {
				struct affine next = candidate->slope;
				float *member[] = {&next.xx, &next.xy, &next.yx, &next.yy};
				float score;

				*member[i / 2] += i % 2 ? step : -step;
				score = score_of(spectrum, carrier, &next);
				if (score <= candidate->score)
					continue;
				*candidate = (struct candidate){next, score};
				is_better = true;
			}
		}
}

unsigned int search_lattice(const struct spectrum *spectrum, const struct carrier *carrier,
	struct candidate ret_candidates[SEARCH_CANDIDATES_MAX])
{
	struct polar kept[SEARCH_CANDIDATES_MAX];
	const struct ranking ranking = {
		kept, sizeof(*kept), offsetof(struct polar, score), SEARCH_CANDIDATES_MAX};
	unsigned int count = 0;
	float stride;

	for (float scale = SEARCH_SCALE_MIN; scale < SEARCH_SCALE_MAX; scale *= 1 + stride) {
		stride = stride_of(spectrum, scale);
		for (float turn = -SEARCH_TURN_MAX; turn <= SEARCH_TURN_MAX; turn += stride) {
			struct affine slope = search_slope(scale, turn);
			struct polar found = {scale, turn, score_of(spectrum, carrier, &slope)};

			if (found.score > 0)
				keep(&ranking, &count, &found, stride);
		}
	}
	for (unsigned int i = 0; i < count; i++) {
		ret_candidates[i] = (struct candidate){
			search_slope(kept[i].scale, kept[i].turn), kept[i].score};
		refine(spectrum, carrier, stride_of(spectrum, kept[i].scale) / kept[i].scale,
			&ret_candidates[i]);
	}
	return count;
}
