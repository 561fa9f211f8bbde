/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/attack.h"

#include <math.h>
#include <string.h>

#include "common/cleanup.h"

static struct image none(const struct image *screen, struct dice *dice)
{
	(void)dice;
	return crop(screen, 0, 0, screen->width, screen->height);
}

#define JPEG(quality)                                                                     \
	static struct image jpeg_##quality(const struct image *screen, struct dice *dice) \
	{                                                                                 \
		(void)dice;                                                               \
		return jpeg_again(screen, quality);                                       \
	}
JPEG(90)
JPEG(70)
JPEG(50)
JPEG(30)

static struct image scaled(const struct image *screen, double scale)
{
	return resize(screen, (unsigned int)lrint(screen->width * scale),
		(unsigned int)lrint(screen->height * scale));
}

/* Around what the name says, so that no round number helps. */
static struct image smaller(const struct image *screen, struct dice *dice)
{
	return scaled(screen, dice_between(dice, 0.5, 0.6));
}

static struct image little(const struct image *screen, struct dice *dice)
{
	return scaled(screen, dice_between(dice, 0.6, 0.99));
}

static struct image small_jpeg(const struct image *screen, struct dice *dice)
{
	auto_call(image_done) struct image image = little(screen, dice);

	return jpeg_again(&image, 80);
}

static struct image large(const struct image *screen, struct dice *dice)
{
	return scaled(screen, dice_between(dice, 1.01, 1.6));
}

static struct image larger(const struct image *screen, struct dice *dice)
{
	return scaled(screen, dice_between(dice, 1.6, 2));
}

/* Anywhere, with that part of the area. */
static struct image part(const struct image *screen, struct dice *dice, double area)
{
	double shape = dice_between(dice, 0.8, 1.25), side = sqrt(area);
	unsigned int width = (unsigned int)(screen->width * side * shape);
	unsigned int height = (unsigned int)(screen->height * side / shape);

	return crop(screen, dice_below(dice, screen->width - width + 1),
		dice_below(dice, screen->height - height + 1), width, height);
}

static struct image quarter(const struct image *screen, struct dice *dice)
{
	return part(screen, dice, 0.25);
}

static struct image tenth(const struct image *screen, struct dice *dice)
{
	return part(screen, dice, 0.1);
}

static struct image quarter_jpeg(const struct image *screen, struct dice *dice)
{
	auto_call(image_done) struct image image = quarter(screen, dice);

	return jpeg_again(&image, 80);
}

static struct image turned(const struct image *screen, struct dice *dice)
{
	auto_call(image_done) struct image image = rotate(screen, dice_between(dice, -5, 5));

	return jpeg_again(&image, 85);
}

static struct image chat(const struct image *screen, struct dice *dice)
{
	auto_call(image_done) struct image image = resize(
		screen, 1280, 1280 * screen->height / screen->width);

	(void)dice;
	return jpeg_again(&image, 60);
}

static struct image blurred(const struct image *screen, struct dice *dice)
{
	return blur(screen, dice_between(dice, 1, 2));
}

static struct image noisy(const struct image *screen, struct dice *dice)
{
	struct image image = none(screen, dice);

	for (size_t i = 0; i < (size_t)image.width * image.height * 3; i++)
		image.at[i] = image_level(image.at[i] + 10 * dice_normal(dice));
	return image;
}

static struct image brighter(const struct image *screen, struct dice *dice)
{
	struct image image = none(screen, dice);
	double gamma = dice_below(dice, 2) ? 0.7 : 1.4;

	for (size_t i = 0; i < (size_t)image.width * image.height * 3; i++)
		image.at[i] = image_level(255 * pow(image.at[i] / 255.0, gamma));
	return image;
}

static struct image grey(const struct image *screen, struct dice *dice)
{
	struct image image = none(screen, dice);
	auto_free uint8_t *luma = image_luma(screen);

	for (size_t i = 0; i < (size_t)image.width * image.height; i++)
		memset(image.at + 3 * i, luma[i], 3);
	return image;
}

static struct image gif(const struct image *screen, struct dice *dice)
{
	(void)dice;
	return gif_again(screen);
}

/* Sent, shown in a viewer's window on a screen without a mark, captured and sent again. */
static struct image screenshot_again(const struct image *screen, struct dice *dice)
{
	auto_call(image_done) struct image sent = jpeg_again(screen, 80);
	auto_call(image_done) struct image shown = scaled(&sent, dice_between(dice, 0.6, 0.85));
	auto_call(image_done) struct image desk = image_new(screen->width, screen->height);
	unsigned int left = dice_below(dice, desk.width - shown.width);
	unsigned int top = dice_below(dice, desk.height - shown.height);

	memset(desk.at, 48, (size_t)desk.width * desk.height * 3);
	for (unsigned int y = 0; y < shown.height; y++)
		memcpy(image_pixel(&desk, left, top + y), image_pixel(&shown, 0, y),
			(size_t)shown.width * 3);
	return jpeg_again(&desk, 80);
}

const struct attack attacks[] = {
	{"none", false, none},
	{"JPEG q90", false, jpeg_90},
	{"JPEG q70", false, jpeg_70},
	{"JPEG q50", false, jpeg_50},
	{"JPEG q30", false, jpeg_30},
	{"to 50-60 %", false, smaller},
	{"to 60-99 %", false, little},
	{"to 60-99 %, q80", false, small_jpeg},
	{"to 101-160 %", false, large},
	{"to 160-200 %", false, larger},
	{"crop to 25 %", false, quarter},
	{"crop to 25 %, q80", false, quarter_jpeg},
	{"crop to 10 %", false, tenth},
	{"turned by up to 5 degrees, q85", false, turned},
	{"chat: 1280 wide, q60", false, chat},
	{"blur, sigma 1-2", false, blurred},
	{"noise, sigma 10", false, noisy},
	{"gamma 0.7 or 1.4", false, brighter},
	{"greyscale", false, grey},
	{"GIF, 256 colours", false, gif},
	{"screenshot of a screenshot", false, screenshot_again},
	{"print and scan", true, print_and_scan},
	{"phone, straight", true, photo_straight},
	{"phone, tilted", true, photo_tilted},
	{"phone, close", true, photo_close},
};
const unsigned int attacks_count = sizeof(attacks) / sizeof(*attacks);
