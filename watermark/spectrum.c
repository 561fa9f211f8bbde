/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/spectrum.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "watermark/transform.h"

/* Padded by that much, a line that falls between two bins is seen in both. */
#define PADDING	     1.4
#define FLOOR_RADIUS 8	  /* bins */
#define FLOOR_CLIP   3.0f /* times the mean around it, and more is a line */

static int power_of(
	const struct plane *residual, const struct spectrum *spectrum, struct plane *ret_power)
{
	auto_call(plane_done) struct plane padded = {0};
	auto_free struct wave *waves = NULL;
	int r;

	r = plane_init(&padded, spectrum->width, spectrum->height);
	if (r < 0)
		return r;
	for (unsigned int y = 0; y < residual->height; y++)
		memcpy(padded.at + (size_t)y * padded.width,
			residual->at + (size_t)y * residual->width,
			residual->width * sizeof(float));
	r = transform_forward(&padded, &waves);
	if (r == 0)
		r = plane_init(ret_power, spectrum->width / 2 + 1, spectrum->height);
	for (size_t i = 0; r == 0 && i < plane_size(ret_power); i++)
		ret_power->at[i] = waves[i].re * waves[i].re + waves[i].im * waves[i].im;
	return r;
}

/* The mean around each bin. */
static int blur(const struct plane *power, const float *clip, struct plane *ret_mean)
{
	const float count = (2 * FLOOR_RADIUS + 1) * (2 * FLOOR_RADIUS + 1);
	size_t size = plane_size(power);
	int r;

	if (!clip)
		memcpy(ret_mean->at, power->at, size * sizeof(float));
	else
		for (size_t i = 0; i < size; i++)
			ret_mean->at[i] = fminf(power->at[i], FLOOR_CLIP * clip[i]);
	r = plane_box(ret_mean, FLOOR_RADIUS);
	if (r < 0)
		return r;
	for (size_t i = 0; i < size; i++)
		ret_mean->at[i] = ret_mean->at[i] / count + 1e-20f;
	return 0;
}

int spectrum_make(const struct plane *residual, struct spectrum *ret_spectrum)
{
	auto_call(spectrum_done) struct spectrum spectrum = {
		.width = transform_size((unsigned int)(residual->width * PADDING)),
		.height = transform_size((unsigned int)(residual->height * PADDING)),
	};
	auto_call(plane_done) struct plane mean = {0};
	struct plane *power = &spectrum.height_above;
	int r;

	r = power_of(residual, &spectrum, power);
	if (r == 0)
		r = plane_init(&mean, power->width, power->height);
	if (r == 0)
		r = plane_init(&spectrum.floor, power->width, power->height);
	if (r == 0)
		r = blur(power, NULL, &mean);
	if (r == 0)
		r = blur(power, mean.at, &spectrum.floor);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plane_size(power); i++)
		power->at[i] = fminf(power->at[i] / spectrum.floor.at[i], SPECTRUM_CAP);
	*ret_spectrum = spectrum;
	spectrum = (struct spectrum){0};
	return 0;
}

void spectrum_done(struct spectrum *spectrum)
{
	plane_done(&spectrum->floor);
	plane_done(&spectrum->height_above);
}

/* A frequency's place in the half that is kept. False: beyond the highest. */
static bool bin_of(const struct spectrum *spectrum, float *x, float *y)
{
	if (*x < 0) {
		*x = -*x;
		*y = -*y;
	}
	*x *= (float)spectrum->width;
	*y *= (float)spectrum->height;
	if (*x >= (float)(spectrum->width / 2) || fabsf(*y) >= (float)(spectrum->height / 2) - 1)
		return false;
	if (*y < 0)
		*y += (float)spectrum->height;
	return true;
}

float spectrum_line(const struct spectrum *spectrum, float x, float y)
{
	const struct plane *plane = &spectrum->height_above;
	unsigned int left, top, below;
	const float *above, *under;
	float right_share, under_share;

	if (!bin_of(spectrum, &x, &y))
		return 0;
	left = (unsigned int)x;
	top = (unsigned int)y;
	below = top + 1 < plane->height ? top + 1 : 0;
	right_share = x - (float)left;
	under_share = y - (float)top;
	above = plane->at + (size_t)top * plane->width + left;
	under = plane->at + (size_t)below * plane->width + left;
	return (1 - under_share) * ((1 - right_share) * above[0] + right_share * above[1]) +
	       under_share * ((1 - right_share) * under[0] + right_share * under[1]);
}

float spectrum_noise(const struct spectrum *spectrum, float x, float y)
{
	if (!bin_of(spectrum, &x, &y))
		return INFINITY;
	return spectrum->floor.at[(size_t)y * spectrum->floor.width + (size_t)x];
}
