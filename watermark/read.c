/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/read.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/cleanup.h"
#include "watermark/align.h"
#include "watermark/convolution.h"

#define SOFT_UNIT 25.0f /* of the decoder's, for a soft bit of mean strength */
#define CONFIDENT 9.0f	/* less is not believed, whatever it says */
#define ALIGNED	  5.5f	/* less is not decoded: chance does as well */

#define FOLDS_MAX   4
#define DRIFT_SMALL 0.0006f /* pixels for each: a tenth of one across a block */

struct reading {
	const struct plane *residual;
	const struct spectrum *spectrum;
	const struct carrier *carrier;
	watermark_judge *judge;
	void *userdata;
};

static struct affine inverse(const struct affine *affine)
{
	float determinant = affine->xx * affine->yy - affine->xy * affine->yx;

	return (struct affine){affine->yy / determinant, -affine->xy / determinant,
		-affine->yx / determinant, affine->xx / determinant};
}

static void noise_of(const struct reading *reading, const struct affine *affine, float *ret_noise)
{
	for (unsigned int i = 0; i < reading->carrier->count; i++) {
		float x, y;

		search_frequency(affine, &reading->carrier->lines[i], &x, &y);
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

static float most_drift(const struct affine *drift)
{
	return fmaxf(fmaxf(fabsf(drift->xx), fabsf(drift->xy)),
		fmaxf(fabsf(drift->yx), fabsf(drift->yy)));
}

/* What a place has drifted by is taken off what leads there. */
static void take_drift(struct affine *to_screen, const struct affine *drift)
{
	struct affine old = *to_screen;

	to_screen->xx -= drift->xx * old.xx + drift->xy * old.yx;
	to_screen->xy -= drift->xx * old.xy + drift->xy * old.yy;
	to_screen->yx -= drift->yx * old.xx + drift->yy * old.yx;
	to_screen->yy -= drift->yx * old.xy + drift->yy * old.yy;
}

/* Inside of a block nothing drifts: what was found is folded anew, until it is true for them as well. */
static int fold_aligned(const struct reading *reading, struct affine *to_screen, const float *noise,
	struct fold *ret_fold, struct alignment *ret_alignment)
{
	int r = 0;

	for (unsigned int i = 0; i < FOLDS_MAX && r == 0; i++) {
		fold_done(ret_fold);
		r = fold_make(reading->residual, to_screen, reading->carrier, ret_fold);
		if (r == 0)
			r = align_blocks(ret_fold, reading->carrier, noise, ret_alignment);
		if (r < 0 || ret_alignment->score < ALIGNED ||
			most_drift(&ret_alignment->drift) < DRIFT_SMALL)
			break;
		take_drift(to_screen, &ret_alignment->drift);
	}
	return r;
}

static int read_at(const struct reading *reading, const struct affine *affine,
	struct watermark_found *ret_found)
{
	auto_call(fold_done) struct fold fold = {0};
	struct wave lines[CARRIER_LINES + CARRIER_SYNC];
	float noise[CARRIER_LINES + CARRIER_SYNC];
	uint8_t frame[WATERMARK_FRAME_BITS];
	struct affine to_screen = inverse(affine);
	float soft[CARRIER_CODED];
	struct alignment alignment;
	int r;

	noise_of(reading, affine, noise);
	r = fold_aligned(reading, &to_screen, noise, &fold, &alignment);
	if (r < 0)
		return r;
	if (alignment.score < ALIGNED)
		return -ENOENT;
	align_sum(&fold, reading->carrier, &alignment, lines);
	soften(reading->carrier, lines, noise, soft);
	r = decode(soft, frame, &ret_found->confidence);
	if (r < 0)
		return r;
	if (ret_found->confidence < CONFIDENT)
		return -ENOENT;
	r = reading->judge(frame, ret_found->confidence, &ret_found->payload, reading->userdata);
	if (r < 0)
		return r == -EBADMSG ? -ENOENT : r;
	ret_found->scale = sqrtf(fabsf(affine->xx * affine->yy - affine->xy * affine->yx));
	ret_found->turn = atan2f(affine->yx - affine->xy, affine->xx + affine->yy);
	return 0;
}

/* Most screenshots are as the screen was, and searching takes longer than all else. */
static int read_any(struct reading *reading, struct watermark_found *ret_found)
{
	static const struct affine as_it_is = {1, 0, 0, 1};
	struct candidate candidates[SEARCH_CANDIDATES_MAX];
	unsigned int count;
	int r;

	r = read_at(reading, &as_it_is, ret_found);
	if (r != -ENOENT)
		return r;
	count = search_lattice(reading->spectrum, reading->carrier, candidates);
	for (unsigned int i = 0; i < count && r == -ENOENT; i++)
		r = read_at(reading, &candidates[i].affine, ret_found);
	return r;
}

int watermark_find(const struct luma *luma, const uint8_t lattice[WATERMARK_KEY_SIZE],
	watermark_judge *judge, void *userdata, struct watermark_found *ret_found)
{
	auto_call(spectrum_done) struct spectrum spectrum = {0};
	auto_call(plane_done) struct plane residual = {0};
	struct watermark_found found = {0};
	struct carrier carrier;
	struct reading reading = {&residual, &spectrum, &carrier, judge, userdata};
	int r;

	r = carrier_init(&carrier, lattice);
	if (r == 0)
		r = residual_make(luma, &residual);
	if (r == 0)
		r = spectrum_make(&residual, &spectrum);
	if (r == 0)
		r = read_any(&reading, &found);
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
