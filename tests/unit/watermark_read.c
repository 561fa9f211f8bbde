/* SPDX-License-Identifier: Apache-2.0 */
/* From a tile over a picture to whom it names: as it was, cut, resized; without a mark, with other keys. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "watermark/read.h"
#include "watermark/tile.h"

#define WIDTH  1280
#define HEIGHT 720

struct picture {
	unsigned int width, height;
	uint8_t *at;
};

#define SUBJECT 77123
#define MINUTE	481516

static void picture_done(struct picture *picture)
{
	free(picture->at);
}

static struct picture picture_new(unsigned int width, unsigned int height)
{
	struct picture picture = {width, height, malloc((size_t)width * height)};

	cr_assert(picture.at);
	return picture;
}

static void key_of(uint8_t secret, uint32_t epoch, struct watermark_key *ret_key)
{
	uint8_t tenant[WATERMARK_KEY_SIZE] = {secret};

	cr_assert_eq(watermark_key_derive(tenant, epoch, ret_key), 0);
}

/* A page of "letters" on a ground that gets darker. */
static struct picture page(void)
{
	struct picture picture = picture_new(WIDTH, HEIGHT);

	srand(3);
	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH; x++)
			picture.at[y * WIDTH + x] = (uint8_t)(250 - x / 16);
	for (unsigned int i = 0; i < 9000; i++) {
		unsigned int x = (unsigned int)rand() % (WIDTH - 8);
		unsigned int y = (unsigned int)rand() % (HEIGHT / 20) * 20;

		for (unsigned int row = y; row < y + 9 && row < HEIGHT; row++)
			memset(picture.at + row * WIDTH + x, 20, row % 3 ? 2 : 6);
	}
	return picture;
}

static void mark(struct picture *picture, const struct watermark_key *key)
{
	static uint8_t levels[WATERMARK_TILE * WATERMARK_TILE];
	const unsigned int strength = WATERMARK_STRENGTH_DEFAULT;
	uint8_t frame[WATERMARK_FRAME_BITS];
	static struct carrier carrier;
	struct watermark_pen pen;

	cr_assert_eq(carrier_init(&carrier, key->lattice), 0);
	cr_assert_eq(watermark_pen_derive(key, SUBJECT, &pen), 0);
	watermark_frame(&pen, MINUTE, 0, frame);
	cr_assert_eq(watermark_tile(&carrier, frame, strength, WATERMARK_TILE, levels), 0);
	for (unsigned int y = 0; y < picture->height; y++)
		for (unsigned int x = 0; x < picture->width; x++) {
			uint8_t *at = &picture->at[y * picture->width + x];
			unsigned int row = (y + 50) % WATERMARK_TILE;

			*at = (uint8_t)((*at * (255 - strength) + 127) / 255 +
					levels[row * WATERMARK_TILE + (x + 11) % WATERMARK_TILE]);
		}
}

static struct picture cut(const struct picture *from, unsigned int left, unsigned int top,
	unsigned int width, unsigned int height)
{
	struct picture picture = picture_new(width, height);

	for (unsigned int y = 0; y < height; y++)
		memcpy(picture.at + y * width, from->at + (top + y) * from->width + left, width);
	return picture;
}

/* Straight between four pixels. */
static struct picture resized(const struct picture *from, unsigned int width, unsigned int height)
{
	struct picture picture = picture_new(width, height);

	for (unsigned int y = 0; y < height; y++)
		for (unsigned int x = 0; x < width; x++) {
			double u = (x + 0.5) * from->width / width - 0.5;
			double v = (y + 0.5) * from->height / height - 0.5;
			unsigned int left = u < 0 ? 0 : (unsigned int)u,
				     top = v < 0 ? 0 : (unsigned int)v;
			unsigned int right = left + 1 < from->width ? left + 1 : left;
			unsigned int below = top + 1 < from->height ? top + 1 : top;
			double a = u < 0 ? 0 : u - left, b = v < 0 ? 0 : v - top;
			const uint8_t *rows[] = {
				from->at + top * from->width, from->at + below * from->width};

			picture.at[y * width + x] =
				(uint8_t)((1 - b) * ((1 - a) * rows[0][left] + a * rows[0][right]) +
					  b * ((1 - a) * rows[1][left] + a * rows[1][right]) + 0.5);
		}
	return picture;
}

/* As a telephone sees it that is held to the left of it and below; a wall around it. */
static struct picture seen_from_aside(const struct picture *from)
{
	struct picture picture = picture_new(1600, 1000);
	const double gx = 0.00012, gy = -0.00009, scale = 0.95;

	memset(picture.at, 40, 1600 * 1000);
	for (unsigned int y = 0; y < picture.height; y++)
		for (unsigned int x = 0; x < picture.width; x++) {
			double right = x - 800.0, down = y - 500.0;
			double depth = scale / (1 + gx * right + gy * down);
			double u = (0.98 * right + 0.03 * down) * depth + from->width / 2.0;
			double v = (1.03 * down - 0.02 * right) * depth + from->height / 2.0;
			double a = u - floor(u), b = v - floor(v);
			const uint8_t *above;

			if (u < 0 || v < 0 || u >= from->width - 1 || v >= from->height - 1)
				continue;
			above = from->at + (unsigned int)v * from->width + (unsigned int)u;
			picture.at[y * picture.width + x] =
				(uint8_t)((1 - b) * ((1 - a) * above[0] + a * above[1]) +
					  b * ((1 - a) * above[from->width] +
						      a * above[from->width + 1]) +
					  0.5);
		}
	return picture;
}

static int read_with(const struct picture *picture, uint8_t secret, uint32_t epoch,
	struct watermark_found *ret_found)
{
	const struct luma luma = {picture->width, picture->height, picture->at};
	struct watermark_key key;

	key_of(secret, epoch, &key);
	return watermark_read(&luma, &key, ret_found);
}

static void expect_example(const struct picture *picture, float scale)
{
	struct watermark_found found;

	cr_assert_eq(read_with(picture, 9, 5, &found), 0);
	cr_expect_eq(found.payload.subject, SUBJECT);
	cr_expect_eq(found.payload.minute, MINUTE);
	cr_expect_float_eq(found.scale, scale, 0.01f * scale);
	cr_expect_gt(found.confidence, 10.5f);
}

static struct picture marked_page(void)
{
	struct picture picture = page();
	struct watermark_key key;

	key_of(9, 5, &key);
	mark(&picture, &key);
	return picture;
}

Test(watermark_read, as_it_was)
{
	auto_call(picture_done) struct picture picture = marked_page();

	expect_example(&picture, 1);
}

Test(watermark_read, cut)
{
	auto_call(picture_done) struct picture whole = marked_page();
	auto_call(picture_done) struct picture picture = cut(&whole, 333, 101, 640, 400);

	expect_example(&picture, 1);
}

Test(watermark_read, resized)
{
	auto_call(picture_done) struct picture whole = marked_page();
	auto_call(picture_done) struct picture smaller = resized(
		&whole, WIDTH * 3 / 4, HEIGHT * 3 / 4);
	auto_call(picture_done) struct picture larger = resized(
		&whole, WIDTH * 3 / 2, HEIGHT * 3 / 2);

	expect_example(&smaller, 0.75f);
	expect_example(&larger, 1.5f);
}

Test(watermark_read, seen_from_aside)
{
	auto_call(picture_done) struct picture whole = marked_page();
	auto_call(picture_done) struct picture plain = page();
	auto_call(picture_done) struct picture photo = seen_from_aside(&whole);
	auto_call(picture_done) struct picture other = seen_from_aside(&plain);
	struct watermark_found found;

	expect_example(&photo, 1.04f);
	cr_expect_eq(read_with(&other, 9, 5, &found), -ENOENT, "without a mark");
	cr_expect_eq(read_with(&photo, 8, 5, &found), -ENOENT, "another tenant's key");
}

Test(watermark_read, nothing_is_found_where_nothing_is)
{
	auto_call(picture_done) struct picture plain = page();
	auto_call(picture_done) struct picture marked = marked_page();
	auto_call(picture_done) struct picture even = picture_new(
		RESIDUAL_SIDE_MIN, RESIDUAL_SIDE_MIN);
	struct watermark_found found;

	memset(even.at, 255, RESIDUAL_SIDE_MIN * RESIDUAL_SIDE_MIN);
	cr_expect_eq(read_with(&plain, 9, 5, &found), -ENOENT);
	cr_expect_eq(read_with(&even, 9, 5, &found), -ENOENT);
	cr_expect_eq(read_with(&marked, 8, 5, &found), -ENOENT, "another tenant's key");
	cr_expect_eq(read_with(&marked, 9, 6, &found), -ENOENT, "another epoch's");
	cr_expect_eq(read_with(&marked, 9, 5, &found), 0, "its own");
}

/* An overlay takes levels of 0 to its alpha; its mean is in the middle, so that nothing gets darker. */
Test(watermark_read, tiles)
{
	static uint8_t levels[4 * WATERMARK_TILE * WATERMARK_TILE];
	uint8_t frame[WATERMARK_FRAME_BITS];
	static struct carrier carrier;
	struct watermark_pen pen;
	struct watermark_key key;

	key_of(9, 5, &key);
	cr_assert_eq(carrier_init(&carrier, key.lattice), 0);
	cr_assert_eq(watermark_pen_derive(&key, SUBJECT, &pen), 0);
	watermark_frame(&pen, MINUTE, 0, frame);
	for (unsigned int strength = 1; strength <= WATERMARK_STRENGTH_MAX; strength++)
		for (unsigned int side = WATERMARK_TILE; side <= 2 * WATERMARK_TILE;
			side += WATERMARK_TILE) {
			unsigned int sum = 0, most = 0, least = 255;

			cr_assert_eq(watermark_tile(&carrier, frame, strength, side, levels), 0);
			for (unsigned int i = 0; i < side * side; i++) {
				sum += levels[i];
				most = levels[i] > most ? levels[i] : most;
				least = levels[i] < least ? levels[i] : least;
			}
			cr_expect_eq(most, strength);
			cr_expect_eq(least, 0);
			cr_expect_float_eq((double)sum / (side * side), strength / 2.0, 0.05);
		}
}
