/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A telephone's photo of a display: stripes of red, green and blue in each pixel, seen from aside
 * through a lens that bends and blurs, on a sensor of one colour a pixel (so moire comes by itself), with shot
 * noise; then demosaiced, denoised, sharpened, toned, and saved as JPEG at quality 80. 12 megapixels.
 */
#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/bench/watermark/attack.h"

#define WIDTH  4000
#define HEIGHT 3000
#define RAYS   9   /* through the lens for each pixel */
#define GAP    0.1 /* of a pixel's height is dark */

struct pose {
	double to[9]; /* from the photo to the display, projective */
	double barrel;
	double rays[RAYS][2];
	double exposure, shot, read; /* shot and read noise, of full scale */
};

static void multiply(const double a[9], const double b[9], double ret_product[9])
{
	for (unsigned int i = 0; i < 9; i++)
		ret_product[i] = a[i / 3 * 3] * b[i % 3] + a[i / 3 * 3 + 1] * b[3 + i % 3] +
				 a[i / 3 * 3 + 2] * b[6 + i % 3];
}

static void invert(const double m[9], double ret_inverse[9])
{
	for (unsigned int i = 0; i < 9; i++) { /* of projective ones the adjugate is enough */
		unsigned int row = i / 3, column = i % 3;
		unsigned int a = (column + 1) % 3, b = (column + 2) % 3;
		unsigned int c = (row + 1) % 3, d = (row + 2) % 3;

		ret_inverse[i] = m[a * 3 + c] * m[b * 3 + d] - m[a * 3 + d] * m[b * 3 + c];
	}
}

/* The display, share of the photo's width wide, turned around three axes, in front of the lens. */
static void place(
	struct pose *pose, struct dice *dice, const struct image *screen, double share, double tilt)
{
	double yaw = dice_between(dice, -tilt, tilt) * M_PI / 180;
	double pitch = dice_between(dice, -tilt, tilt) * 0.7 * M_PI / 180;
	double roll = dice_between(dice, -3, 3) * M_PI / 180;
	const double focal = 1.0 * WIDTH; /* 26 mm equivalents have 0.72, twice enlarged 1.4 */
	double away = focal * screen->width / (share * WIDTH);
	double around_y[9] = {cos(yaw), 0, sin(yaw), 0, 1, 0, -sin(yaw), 0, cos(yaw)};
	double around_x[9] = {1, 0, 0, 0, cos(pitch), -sin(pitch), 0, sin(pitch), cos(pitch)};
	double around_z[9] = {cos(roll), -sin(roll), 0, sin(roll), cos(roll), 0, 0, 0, 1};
	double some[9], turned[9], to_photo[9];

	multiply(around_y, around_x, some);
	multiply(around_z, some, turned);
	/* columns: the display's x, its y, and where its middle is */
	turned[2] = dice_between(dice, -0.05, 0.05) * away;
	turned[5] = dice_between(dice, -0.05, 0.05) * away;
	turned[8] = away;
	for (unsigned int i = 0; i < 9; i++)
		to_photo[i] = turned[i] * (i < 6 ? focal : 1);
	invert(to_photo, pose->to);
	pose->barrel = dice_between(dice, -0.02, 0.02);
}

static void look(struct pose *pose, struct dice *dice)
{
	double sigma = dice_between(dice, 0.6, 1.0);

	for (unsigned int i = 0; i < RAYS; i++) { /* two rings and the middle: a round spot */
		double angle = M_PI / 4 * i, radius = i == 0 ? 0 : i % 2 ? 1.1 : 1.6;

		pose->rays[i][0] = sigma * radius * cos(angle);
		pose->rays[i][1] = sigma * radius * sin(angle);
	}
	pose->exposure = dice_between(dice, 0.6, 0.9);
	pose->shot = dice_between(dice, 0.0002, 0.001);
	pose->read = 0.0015;
}

/* Light of one colour that comes from there. */
static float light_at(const struct pose *pose, const struct image *screen, const float *linear,
	double x, double y, unsigned int colour)
{
	double right = x - WIDTH / 2.0, down = y - HEIGHT / 2.0, u, v, w;
	double bent = 1 + pose->barrel * (right * right + down * down) / (2500.0 * 2500.0);

	right *= bent;
	down *= bent;
	w = pose->to[6] * right + pose->to[7] * down + pose->to[8];
	u = (pose->to[0] * right + pose->to[1] * down + pose->to[2]) / w + screen->width / 2.0;
	v = (pose->to[3] * right + pose->to[4] * down + pose->to[5]) / w + screen->height / 2.0;
	if (u < 0 || v < 0 || u >= screen->width || v >= screen->height)
		return 0.02f; /* the wall behind */
	if ((unsigned int)(3 * (u - floor(u))) != colour || v - floor(v) > 1 - GAP)
		return 0.004f;
	return (float)(3 / (1 - GAP)) *
	       linear[image_pixel(screen, (unsigned int)u, (unsigned int)v)[colour]];
}

static void fill_linear(float ret_linear[256])
{
	for (unsigned int i = 0; i < 256; i++)
		ret_linear[i] = (float)pow(i / 255.0, 2.2);
}

/* RGGB */
static unsigned int colour_of(unsigned int x, unsigned int y)
{
	return (x & 1) + (y & 1);
}

static float *expose(const struct pose *pose, const struct image *screen, struct dice *dice)
{
	float *raw = malloc(sizeof(float) * WIDTH * HEIGHT), linear[256];

	if (!raw)
		err(1, "photo");
	fill_linear(linear);
	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH; x++) {
			double light = 0;

			for (unsigned int i = 0; i < RAYS; i++)
				light += (double)light_at(pose, screen, linear,
					x + pose->rays[i][0], y + pose->rays[i][1],
					colour_of(x, y));
			light *= pose->exposure / RAYS;
			light += sqrt(pose->shot * light + pose->read * pose->read) *
				 dice_normal(dice);
			raw[(size_t)y * WIDTH + x] = (float)(rint(light * 1023) / 1023);
		}
	return raw;
}

/* Between the nearest of each colour; toned as displays want it. */
static struct image develop(const float *raw)
{
	struct image photo = image_new(WIDTH, HEIGHT);
	uint8_t tone[4096];

	for (unsigned int i = 0; i < 4096; i++)
		tone[i] = image_level(255 * pow(i / 4095.0, 1 / 2.2));
	for (unsigned int y = 1; y + 1 < HEIGHT; y++)
		for (unsigned int x = 1; x + 1 < WIDTH; x++) {
			float sum[3] = {0}, count[3] = {0};

			for (unsigned int i = 0; i < 9; i++) {
				unsigned int at_x = x + i % 3 - 1, at_y = y + i / 3 - 1;
				unsigned int colour = colour_of(at_x, at_y);
				float weight = (i % 3 == 1 ? 2 : 1) * (i / 3 == 1 ? 2 : 1);

				sum[colour] += weight * raw[(size_t)at_y * WIDTH + at_x];
				count[colour] += weight;
			}
			for (unsigned int j = 0; j < 3; j++) {
				float light = sum[j] / count[j];

				light = light < 0 ? 0 : light > 1 ? 1 : light;
				image_pixel(&photo, x, y)[j] = tone[lrintf(light * 4095)];
			}
		}
	return photo;
}

/* What telephones do to noise and edges: smooth a little, then sharpen what is left. */
static void finish(struct image *photo)
{
	auto_call(image_done) struct image smooth = blur(photo, 0.6);
	auto_call(image_done) struct image ground = blur(&smooth, 1.5);

	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT * 3; i++)
		photo->at[i] = image_level(smooth.at[i] + 0.6 * (smooth.at[i] - ground.at[i]));
}

static struct image photo(const struct image *screen, struct dice *dice, double share, double tilt)
{
	auto_call(image_done) struct image developed = {0};
	auto_free float *raw = NULL;
	struct pose pose;

	place(&pose, dice, screen, share, tilt);
	look(&pose, dice);
	raw = expose(&pose, screen, dice);
	developed = develop(raw);
	finish(&developed);
	return jpeg_again(&developed, 80);
}

struct image photo_straight(const struct image *screen, struct dice *dice)
{
	return photo(screen, dice, dice_between(dice, 0.8, 1), 3);
}

struct image photo_tilted(const struct image *screen, struct dice *dice)
{
	return photo(screen, dice, dice_between(dice, 0.7, 0.95), 15);
}

struct image photo_close(const struct image *screen, struct dice *dice)
{
	return photo(screen, dice, dice_between(dice, 1.4, 1.8), 10);
}

/* 600 drops of ink to an inch, the error diffused, on a page 11 inches wide; scanned at 300. */
#define DROPS 6600

struct image print_and_scan(const struct image *screen, struct dice *dice)
{
	auto_free uint8_t *luma = image_luma(screen);
	unsigned int height = DROPS * screen->height / screen->width;
	struct image page = image_new(DROPS / 2, height / 2);
	auto_free float *below = calloc(DROPS + 2, sizeof(*below));
	auto_free float *here = calloc(DROPS + 2, sizeof(*here));
	auto_call(image_done) struct image seen = {0};
	auto_call(image_done) struct image turned = {0};

	if (!below || !here)
		err(1, "print");
	for (unsigned int y = 0; y < height / 2 * 2; y++) {
		float *swap = here;

		here = below;
		below = swap;
		for (unsigned int x = 0; x < DROPS + 2; x++)
			below[x] = 0;
		for (unsigned int x = 0; x < DROPS; x++) {
			const uint8_t *row = luma +
					     (size_t)(y * screen->height / height) * screen->width;
			float wanted = (float)row[x * screen->width / DROPS] / 255;
			float level, missed;

			level = wanted + here[x + 1];
			missed = level - (level > 0.5f);
			here[x + 2] += missed * 7 / 16;
			below[x] += missed * 3 / 16;
			below[x + 1] += missed * 5 / 16;
			below[x + 2] += missed / 16;
			for (unsigned int j = 0; j < 3; j++)
				image_pixel(&page, x / 2,
					y / 2)[j] = (uint8_t)(image_pixel(&page, x / 2, y / 2)[j] +
							      (level > 0.5f ? 58 : 8));
		}
	}
	seen = blur(&page, 0.8);
	image_done(&page);
	for (size_t i = 0; i < (size_t)seen.width * seen.height * 3; i++)
		seen.at[i] = image_level(seen.at[i] + 2 * dice_normal(dice));
	turned = rotate(&seen, dice_between(dice, -1, 1));
	return jpeg_again(&turned, 80);
}
