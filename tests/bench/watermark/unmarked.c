/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/unmarked.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "console/trace/picture.h"
#include "tests/bench/watermark/attack.h"
#include "tests/bench/watermark/screen.h"
#include "watermark/tile.h"

#define BYTES_MAX (16 << 20)

struct count {
	unsigned int asked, named;
	double seconds;
};

static void ask(struct count *count, const uint8_t *luma, unsigned int width, unsigned int height,
	const struct watermark_key *key, const char *what)
{
	struct mark_answer answer = mark_ask_luma(luma, width, height, key);

	count->asked++;
	count->seconds += answer.seconds;
	if (count->asked % 100 == 0)
		fprintf(stderr, "%u asked, %u named\n", count->asked, count->named);
	if (!answer.is_found)
		return;
	count->named++;
	printf("NAMED: %s, %ux%u, %.2f\n", what, width, height, (double)answer.confidence);
}

static void ask_file(struct count *count, const char *path, const struct watermark_key *key)
{
	auto_call(picture_done) struct picture picture = {0};
	auto_free uint8_t *bytes = malloc(BYTES_MAX);
	FILE *file = fopen(path, "re");
	size_t size;

	if (!bytes || !file)
		err(1, "%s", path);
	size = fread(bytes, 1, BYTES_MAX, file);
	(void)fclose(file); /* only read */
	if (picture_decode(bytes, size, &picture) == 0)
		ask(count, picture.luma, picture.width, picture.height, key, path);
}

static void ask_files(
	struct count *count, const char *list, unsigned int most, const struct watermark_key *key)
{
	FILE *file = list ? fopen(list, "re") : NULL;
	char path[4096];

	if (list && !file)
		err(1, "%s", list);
	while (file && count->asked < most && fgets(path, sizeof(path), file)) {
		path[strcspn(path, "\n")] = '\0';
		ask_file(count, path, key);
	}
	if (file)
		(void)fclose(file); /* only read */
}

/* A third without a mark, a third with another tenant's key, a third nothing but a scene. */
static struct image image_of(
	const struct mark_keys *keys, uint64_t seed, unsigned int number, struct dice *dice)
{
	const struct watermark_payload payload = {.subject = number, .minute = number};
	const cairo_rectangle_int_t whole = {0, 0, SCREEN_WIDTH, SCREEN_HEIGHT};
	cairo_surface_t *surface = screen_draw(seed + 1, number / 3);
	struct image image;

	if (number % 3 == 1)
		mark_lay(surface, &keys->other, &payload, WATERMARK_STRENGTH_DEFAULT);
	if (number % 3 == 2)
		scene_draw(surface, dice, &whole);
	image = screen_image(surface);
	cairo_surface_destroy(surface);
	return image;
}

unsigned int unmarked_run(
	const struct mark_keys *keys, uint64_t seed, unsigned int count, const char *list)
{
	static const char *const what[] = {"a plain screen", "another tenant's", "a scene"};
	struct count files = {0}, made = {0};

	ask_files(&files, list, count, &keys->own);
	for (unsigned int i = 0; files.asked + made.asked < count; i++) {
		struct dice dice = {seed << 24 ^ i};
		auto_call(image_done) struct image image = image_of(keys, seed, i, &dice);
		auto_call(image_done) struct image attacked = {0};
		auto_free uint8_t *luma = NULL;

		/* every other as a chat or a crop left it; photos are big: now and then */
		attacked = attacks[i % 2 ? dice_below(&dice, attacks_count - (i % 20 != 1) * 4) : 0]
				   .make(&image, &dice);
		luma = image_luma(&attacked);
		ask(&made, luma, attacked.width, attacked.height, &keys->own, what[i % 3]);
	}
	printf("%u files and %u pictures made: %u named, %.0f ms each\n", files.asked, made.asked,
		files.named + made.named,
		1000 * (files.seconds + made.seconds) / (files.asked + made.asked));
	return files.named + made.named;
}
