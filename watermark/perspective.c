/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/perspective.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "watermark/blocks.h"
#include "watermark/ranking.h"

/* What is looked for in the block that a search begins with. */
#define SCALE_MIN   0.55f
#define SCALE_MAX   2.2f
#define TURN_MAX    0.15f /* radians */
#define STRETCH_MAX 0.12f /* of one direction against the other */
#define SHEAR_MAX   0.08f
#define STRIDE	    0.016f /* of all of these: half a bin for the outermost line */

/* Half of the lines are looked at first: who has no more than noise there is not looked at again. */
#define FIRST_LINES 14
#define FIRST_LEAST (1.3f * FIRST_LINES)

#define LOWEST 0.045f /* cycles per pixel of the residual */
#define CAP    5.0f   /* of a line's height: moire has few lines, and very high ones */

#define SEEDS_MAX 40
#define APART	  0.025f

/* How much nearer one side is than the other: per pixel of the picture. */
#define DEPTH_MAX  0.0003f
#define DEPTH_STEP 0.00005f

struct seed {
	struct affine slope;
	float score;
};

struct some_blocks {
	const struct carrier *carrier;
	const struct block *const *blocks;
	unsigned int count;
};

/* What is next to the middle stands on a floor that nobody knows: it counts as noise. */
static float line_height(const struct spectrum *spectrum, float x, float y)
{
	if (x * x + y * y < LOWEST * LOWEST)
		return 1;
	return fminf(spectrum_line(spectrum, x, y), CAP);
}

static float block_score(const struct spectrum *spectrum, const struct carrier *carrier,
	const struct affine *slope, float least)
{
	float sum = 0, x, y;

	for (unsigned int i = 0; i < CARRIER_SYNC; i++) {
		if (i == FIRST_LINES && sum < least)
			return 0;
		search_frequency(slope, &carrier->lines[i], &x, &y);
		sum += line_height(spectrum, x, y);
	}
	return sum / CARRIER_SYNC;
}

static float blocks_score(const struct warp *warp, const void *userdata)
{
	const struct some_blocks *some = userdata;
	float sum = 0;

	for (unsigned int i = 0; i < some->count; i++) {
		const struct block *block = some->blocks[i];
		struct affine slope = warp_slope(warp, block->x, block->y);

		sum += block_score(&block->spectrum, some->carrier, &slope, 0);
	}
	return sum / (float)some->count;
}

static float apart(const struct affine *one, const struct affine *other)
{
	float size = fabsf(one->xx) + fabsf(one->yy);

	return fmaxf(fmaxf(fabsf(one->xx - other->xx), fabsf(one->xy - other->xy)),
		       fmaxf(fabsf(one->yx - other->yx), fabsf(one->yy - other->yy))) *
	       2 / size;
}

/* Of those that are nearly one only the best. */
static void keep(const struct ranking *kept, unsigned int *count, const struct seed *seed)
{
	const struct seed *one = kept->items;

	if (*count == kept->most && seed->score <= one[kept->most - 1].score)
		return;
	for (unsigned int i = 0; i < *count; i++) {
		if (apart(&seed->slope, &one[i].slope) > APART)
			continue;
		if (one[i].score >= seed->score)
			return;
		ranking_remove(kept, count, i);
		break;
	}
	ranking_insert(kept, count, seed);
}

static void try_slopes(const struct block *block, const struct carrier *carrier, float scale,
	float turn, const struct ranking *kept, unsigned int *count)
{
	const struct affine s = search_slope(scale, turn);

	for (float a = -STRETCH_MAX; a <= STRETCH_MAX; a += STRIDE)
		for (float b = -SHEAR_MAX; b <= SHEAR_MAX; b += STRIDE) {
			struct seed seed = {
				.slope = {s.xx * (1 + a) + s.xy * b, s.xx * b + s.xy * (1 - a),
					s.yx * (1 + a) + s.yy * b, s.yx * b + s.yy * (1 - a)}};

			seed.score = block_score(
				&block->spectrum, carrier, &seed.slope, FIRST_LEAST);
			if (seed.score > 0)
				keep(kept, count, &seed);
		}
}

static unsigned int find_seeds(
	const struct block *block, const struct carrier *carrier, struct seed ret_seeds[SEEDS_MAX])
{
	const struct ranking kept = {
		ret_seeds, sizeof(*ret_seeds), offsetof(struct seed, score), SEEDS_MAX};
	unsigned int count = 0;

	for (float scale = SCALE_MIN; scale < SCALE_MAX; scale *= 1 + STRIDE)
		for (float turn = -TURN_MAX; turn <= TURN_MAX; turn += STRIDE)
			try_slopes(block, carrier, scale, turn, &kept, &count);
	return count;
}

/* Blocks within so many pixels of the picture from there. */
static unsigned int blocks_around(const struct blocks *blocks, const struct block *middle,
	float radius, const struct block **ret_around)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < blocks->across * blocks->down; i++)
		if (hypotf(blocks->blocks[i].x - middle->x, blocks->blocks[i].y - middle->y) <=
			radius)
			ret_around[count++] = &blocks->blocks[i];
	return count;
}

static struct warp_climb climb_of(const struct some_blocks *some, unsigned int end, float radius)
{
	return (struct warp_climb){
		.first = WARP_SHIFT,
		.end = end,
		.radius = radius,
		.step = STRIDE * radius / 2, /* of a slope: as if a pixel of the picture were one */
		.least = STRIDE * radius / 32,
		.score = blocks_score,
		.userdata = some,
	};
}

/* A seed's neighbours tell to which side it is nearer. */
static struct perspective tilted(
	const struct some_blocks *near, const struct block *middle, const struct seed *seed)
{
	struct perspective best = {.score = -1};
	struct warp_climb climb = climb_of(near, WARP_PERSPECTIVE, 1.5f * BLOCK_SIZE);

	for (float x = -DEPTH_MAX; x <= DEPTH_MAX * 1.01f; x += DEPTH_STEP)
		for (float y = -DEPTH_MAX; y <= DEPTH_MAX * 1.01f; y += DEPTH_STEP) {
			struct perspective next = {.warp = {.slope = seed->slope,
							   .gx = x,
							   .gy = y,
							   .origin_x = middle->x,
							   .origin_y = middle->y}};

			next.score = blocks_score(&next.warp, near);
			if (next.score > best.score)
				best = next;
		}
	best.score = warp_climb(&climb, &best.warp);
	return best;
}

static void keep_best(struct perspective kept[PERSPECTIVES_MAX], unsigned int *count,
	const struct perspective *found)
{
	const struct ranking ranking = {
		kept, sizeof(*kept), offsetof(struct perspective, score), PERSPECTIVES_MAX};

	for (unsigned int i = 0; i < *count; i++) /* climbed to the same place */
		if (apart(&kept[i].warp.slope, &found->warp.slope) < APART / 5)
			return;
	ranking_insert(&ranking, count, found);
}

/* Ring by ring, until all blocks agree. */
static void widen(const struct blocks *blocks, const struct carrier *carrier,
	const struct block *middle, const struct block **buffer, struct perspective *perspective)
{
	unsigned int all = blocks->across * blocks->down;
	struct some_blocks some = {carrier, buffer, 0};

	for (float radius = 3 * BLOCK_SIZE; some.count < all; radius *= 1.4f) {
		struct warp_climb climb = climb_of(&some, WARP_PERSPECTIVE, radius);

		some.count = blocks_around(blocks, middle, radius, buffer);
		if (some.count == all)
			climb.end = WARP_ALL;
		climb.step /= 2;
		perspective->score = warp_climb(&climb, &perspective->warp);
	}
}

static void search_from(const struct blocks *blocks, const struct carrier *carrier,
	const struct block *middle, const struct block **buffer,
	struct perspective ret_perspectives[PERSPECTIVES_MAX], unsigned int *count)
{
	struct some_blocks near = {
		carrier, buffer, blocks_around(blocks, middle, 1.6f * BLOCK_SIZE, buffer)};
	struct seed seeds[SEEDS_MAX];
	unsigned int seeds_count = find_seeds(middle, carrier, seeds);

	for (unsigned int i = 0; i < seeds_count; i++) {
		struct perspective found = tilted(&near, middle, &seeds[i]);

		keep_best(ret_perspectives, count, &found);
	}
	for (unsigned int i = 0; i < *count; i++)
		widen(blocks, carrier, middle, buffer, &ret_perspectives[i]);
}

static int compare(const void *one, const void *other)
{
	const struct perspective *a = one, *b = other;

	return (a->score < b->score) - (a->score > b->score);
}

int perspective_search(const struct plane *residual, const struct carrier *carrier,
	struct perspective ret_perspectives[PERSPECTIVES_MAX], unsigned int *ret_count)
{
	auto_call(blocks_done) struct blocks blocks = {0};
	auto_free const struct block **buffer = NULL;
	unsigned int count = 0;
	int r;

	r = blocks_make(residual, &blocks);
	if (r < 0)
		return r;
	if (blocks.blocks) {
		buffer = malloc(blocks.across * blocks.down * sizeof(*buffer));
		if (!buffer)
			return -ENOMEM;
		search_from(&blocks, carrier,
			&blocks.blocks[blocks.down / 2 * blocks.across + blocks.across / 2], buffer,
			ret_perspectives, &count);
		qsort(ret_perspectives, count, sizeof(*ret_perspectives), compare);
	}
	*ret_count = count;
	return 0;
}
