/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/read.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "watermark/align.h"
#include "watermark/convolution.h"
#include "watermark/fold.h"
#include "watermark/perspective.h"
#include "watermark/spectrum.h"

#define SOFT_UNIT 25.0f /* of the decoder's, for a soft bit of mean strength */
#define CONFIDENT 9.0f	/* less is not believed, whatever it says */
#define ALIGNED	  5.5f	/* less is not decoded: chance does as well */

#define AGAIN 1 /* how often what was found is measured anew */

#define LARGE 5000000 /* pixels */

struct reading {
	const struct plane *residual;
	const struct spectrum *spectrum;
	const struct carrier *carrier;
	watermark_judge *judge;
	void *userdata;
	unsigned int unit; /* by which the picture was taken smaller */
	bool is_large;
};

/* Of a photo as well, that differs little from here to there: as in the middle. */
static void noise_of(const struct reading *reading, const struct warp *warp, float *ret_noise)
{
	struct affine slope = warp_slope(warp, 0, 0);

	for (unsigned int i = 0; i < reading->carrier->count; i++) {
		float x, y;

		search_frequency(&slope, &reading->carrier->lines[i], &x, &y);
		ret_noise[i] = spectrum_noise(reading->spectrum, x, y);
	}
}

/* Coded bits' soft values, as real numbers: likelihoods but for one factor. */
static void soften(const struct carrier *carrier, const struct wave *lines, const float *noise,
	float ret_soft[CARRIER_CODED])
{
	memset(ret_soft, 0, CARRIER_CODED * sizeof(*ret_soft));
	for (unsigned int i = CARRIER_SYNC; i < carrier->count; i++) {
		const struct carrier_line *line = &carrier->lines[i];
		const struct carrier_chip *chip = &carrier->chips[2 * (i - CARRIER_SYNC)];
		float re = lines[i].re * line->re + lines[i].im * line->im;
		float im = lines[i].im * line->re - lines[i].re * line->im;

		ret_soft[chip[0].coded] += (float)chip[0].sign * re / noise[i];
		ret_soft[chip[1].coded] += (float)chip[1].sign * im / noise[i];
	}
}

static int decode(const float soft[CARRIER_CODED], uint8_t ret_frame[WATERMARK_FRAME_BITS],
	float *ret_confidence)
{
	uint8_t coded[CARRIER_CODED];
	int16_t units[CARRIER_CODED];
	float square = 0, sum = 0, unit;
	int r;

	for (unsigned int i = 0; i < CARRIER_CODED; i++)
		square += soft[i] * soft[i];
	if (!(square > 0))
		return -ENOENT;
	unit = SOFT_UNIT / sqrtf(square / CARRIER_CODED);
	for (unsigned int i = 0; i < CARRIER_CODED; i++)
		units[i] = (int16_t)lrintf(
			fmaxf(-CONVOLUTION_SOFT_MAX, fminf(CONVOLUTION_SOFT_MAX, soft[i] * unit)));
	r = convolution_decode(units, WATERMARK_FRAME_BITS, ret_frame);
	if (r < 0)
		return r;
	convolution_encode(ret_frame, WATERMARK_FRAME_BITS, coded);
	for (unsigned int i = 0; i < CARRIER_CODED; i++)
		sum += coded[i] ? soft[i] : -soft[i];
	*ret_confidence = sum / sqrtf(square);
	return 0;
}

/* What a decoded frame says, and how the screen lies in the picture. */
static int decode_and_judge(const struct reading *reading, const struct warp *warp,
	const float soft[CARRIER_CODED], struct watermark_found *ret_found)
{
	struct affine slope = warp_slope(warp, 0, 0);
	uint8_t frame[WATERMARK_FRAME_BITS];
	int r;

	r = decode(soft, frame, &ret_found->confidence);
	if (r < 0)
		return r;
	if (ret_found->confidence < CONFIDENT)
		return -ENOENT;
	r = reading->judge(frame, ret_found->confidence, &ret_found->payload, reading->userdata);
	if (r < 0)
		return r == -EBADMSG ? -ENOENT : r;
	ret_found->scale = (float)reading->unit /
			   sqrtf(fabsf(slope.xx * slope.yy - slope.xy * slope.yx));
	ret_found->turn = atan2f(slope.xy - slope.yx, slope.xx + slope.yy);
	return 0;
}

typedef int align(const struct cells *cells, struct warp *warp, float *ret_score);

static int read_at(const struct reading *reading, struct warp warp, align *align_first,
	struct watermark_found *ret_found)
{
	auto_call(cells_done) struct cells cells = {0};
	struct wave lines[CARRIER_LINES + CARRIER_SYNC];
	float noise[CARRIER_LINES + CARRIER_SYNC];
	float soft[CARRIER_CODED], score;
	int r;

	noise_of(reading, &warp, noise);
	r = cells_make(reading->residual, &warp, reading->carrier, noise, &cells);
	if (r == 0)
		r = align_first(&cells, &warp, &score);
	/* inside of a cell nothing was moved: what was found is true for them as well */
	for (unsigned int i = 0; i < AGAIN && r == 0 && score >= ALIGNED; i++) {
		cells_done(&cells);
		r = cells_make(reading->residual, &warp, reading->carrier, noise, &cells);
		if (r == 0)
			score = align_again(&cells, &warp);
	}
	if (r < 0)
		return r;
	if (score < ALIGNED)
		return -ENOENT;
	r = fold_whole(reading->residual, &warp, reading->carrier, lines);
	if (r < 0)
		return r;
	soften(reading->carrier, lines, noise, soft);
	return decode_and_judge(reading, &warp, soft, ret_found);
}

/* Most screenshots are as the screen was, and searching takes longer than all else. */
static int read_flat(const struct reading *reading, struct watermark_found *ret_found)
{
	struct warp warp = {.slope = search_slope(1.0f / (float)reading->unit, 0)};
	struct candidate candidates[SEARCH_CANDIDATES_MAX];
	unsigned int count;
	int r;

	r = read_at(reading, warp, align_whole, ret_found);
	if (r != -ENOENT)
		return r;
	count = search_lattice(reading->spectrum, reading->carrier, candidates);
	for (unsigned int i = 0; i < count && r == -ENOENT; i++) {
		warp.slope = candidates[i].slope;
		r = read_at(reading, warp, align_whole, ret_found);
	}
	return r;
}

static int read_tilted(const struct reading *reading, struct watermark_found *ret_found)
{
	struct perspective perspectives[PERSPECTIVES_MAX];
	unsigned int count;
	int r;

	r = perspective_search(reading->residual, reading->carrier, perspectives, &count);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (unsigned int i = 0; i < count && r == -ENOENT; i++)
		r = read_at(reading, perspectives[i].warp, align_growing, ret_found);
	return r;
}

static int read_sized(
	const struct luma *luma, struct reading *reading, struct watermark_found *ret_found)
{
	auto_call(spectrum_done) struct spectrum spectrum = {0};
	auto_call(plane_done) struct plane residual = {0};
	int r;

	r = residual_make(luma, reading->unit, &residual);
	if (r == 0)
		r = spectrum_make(&residual, &spectrum);
	if (r < 0)
		return r;
	reading->residual = &residual;
	reading->spectrum = &spectrum;
	r = read_flat(reading, ret_found);
	/* of many pixels each as it is, an enlargement may be of use, and no photo is */
	if (r == -ENOENT && !(reading->is_large && reading->unit == 1))
		r = read_tilted(reading, ret_found);
	return r;
}

/*
 * Who has many pixels has a photo, more or less near, or a screenshot that was enlarged or is of a fine
 * display.
 */
static int read_sizes(
	const struct luma *luma, struct reading *reading, struct watermark_found *ret_found)
{
	static const unsigned int units[2][3] = {{1, 0}, {2, 4, 1}};
	const unsigned int *of;
	int r = -ENOENT;

	reading->is_large = (size_t)luma->width * luma->height > LARGE;
	of = units[reading->is_large];

	for (unsigned int i = 0; i < 3 && of[i] && r == -ENOENT; i++) {
		reading->unit = of[i];
		r = read_sized(luma, reading, ret_found);
	}
	return r;
}

int watermark_find(const struct luma *luma, const uint8_t lattice[WATERMARK_KEY_SIZE],
	watermark_judge *judge, void *userdata, struct watermark_found *ret_found)
{
	struct watermark_found found = {0};
	struct carrier carrier;
	struct reading reading = {.carrier = &carrier, .judge = judge, .userdata = userdata};
	int r;

	r = carrier_init(&carrier, lattice);
	if (r == 0)
		r = read_sizes(luma, &reading, &found);
	if (r == 0)
		*ret_found = found;
	return r;
}

static int judge_by_key(const uint8_t frame[WATERMARK_FRAME_BITS], float confidence,
	struct watermark_payload *ret_payload, void *userdata)
{
	(void)confidence; /* what the key proves is no chance */
	return watermark_payload_read(frame, userdata, ret_payload);
}

int watermark_read(
	const struct luma *luma, const struct watermark_key *key, struct watermark_found *ret_found)
{
	struct watermark_key copy = *key;
	int r = watermark_find(luma, key->lattice, judge_by_key, &copy, ret_found);

	watermark_key_wipe(&copy);
	return r;
}
