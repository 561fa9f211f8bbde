/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a picture of a screen before it is found. Each is drawn anew by the dice. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_ATTACK_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_ATTACK_H

#include <stdbool.h>

#include "tests/bench/watermark/image.h"

struct attack {
	const char *name;
	bool is_photo; /* of a telephone: goals differ */
	struct image (*make)(const struct image *screen, struct dice *dice);
};

extern const struct attack attacks[];
extern const unsigned int attacks_count;

/* There and back by libjpeg, colour at half size. */
struct image jpeg_again(const struct image *image, int quality);
/* To 256 colours of the picture's own, by median cut, the error diffused. */
struct image gif_again(const struct image *image);

struct image resize(const struct image *image, unsigned int width, unsigned int height);
struct image rotate(const struct image *image, double degrees);
struct image crop(const struct image *image, unsigned int left, unsigned int top,
	unsigned int width, unsigned int height);
struct image blur(const struct image *image, double sigma);

struct image photo_straight(const struct image *screen, struct dice *dice);
struct image photo_tilted(const struct image *screen, struct dice *dice);
struct image photo_close(const struct image *screen, struct dice *dice);
struct image print_and_scan(const struct image *screen, struct dice *dice);

#endif
