/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of what is done to marked screens their marks survive, how long it takes to read them, and that
 * pictures without one name nobody. Everything is made here, of a seed.
 *
 * usage: bench-watermark [--screens N] [--seed N] [--attack WORD] [--jobs N] [--flat] [--strength N] [--verbose]
 *	  bench-watermark --unmarked N [--pictures LIST] [--seed N] [--jobs N]
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/bench/watermark/attack.h"
#include "tests/bench/watermark/mark.h"
#include "tests/bench/watermark/quality.h"
#include "tests/bench/watermark/screen.h"
#include "tests/bench/watermark/table.h"
#include "tests/bench/watermark/unmarked.h"
#include "watermark/tile.h"

#define JOBS_MAX 64

struct options {
	uint64_t seed;
	unsigned int screens, jobs, unmarked, strength;
	const char *attack, *pictures;
	bool is_verbose, is_flat; /* flat: no paper and no phones, which take longest to make */
};

static bool is_wanted(const struct options *options, const struct attack *attack)
{
	if (options->is_flat && attack->is_photo)
		return false;
	return !options->attack || strstr(attack->name, options->attack);
}

static void try_attack(const struct options *options, const struct image *marked,
	const struct mark_keys *keys, const struct watermark_payload *payload, unsigned int number,
	unsigned int which, struct outcome *ret_outcome)
{
	struct dice dice = {options->seed << 32 ^ (uint64_t)number << 8 ^ which};
	auto_call(image_done) struct image image = attacks[which].make(marked, &dice);
	struct mark_answer answer = mark_ask(&image, &keys->own);

	ret_outcome->is_tried = true;
	ret_outcome->seconds = answer.seconds;
	ret_outcome->confidence = answer.confidence;
	ret_outcome->is_found = answer.is_found && answer.payload.subject == payload->subject &&
				answer.payload.minute == payload->minute;
	ret_outcome->is_wrong = answer.is_found && !ret_outcome->is_found;
	if (options->is_verbose)
		fprintf(stderr, "%3u %-17s %-32s %-6s %6.2f %8.3f s\n", number, screen_kind(number),
			attacks[which].name,
			answer.is_found ? ret_outcome->is_wrong ? "WRONG" : "found" : "missed",
			(double)answer.confidence, answer.seconds);
}

static void try_screen(const struct options *options, const struct mark_keys *keys,
	unsigned int number, struct screen_outcome *ret_outcome)
{
	struct dice dice = {options->seed * 77 + number};
	const struct watermark_payload payload = {
		.subject = dice_below(&dice, WATERMARK_SUBJECT_MAX),
		.minute = dice_below(&dice, WATERMARK_MINUTE_MAX),
	};
	cairo_surface_t *surface = screen_draw(options->seed, number);
	auto_call(image_done) struct image plain = screen_image(surface);
	auto_call(image_done) struct image marked = {0};

	mark_lay(surface, &keys->own, &payload, options->strength);
	marked = screen_image(surface);
	cairo_surface_destroy(surface);
	ret_outcome->psnr = quality_psnr(&plain, &marked);
	ret_outcome->ssim = quality_ssim(&plain, &marked);
	for (unsigned int i = 0; i < attacks_count; i++)
		if (is_wanted(options, &attacks[i]))
			try_attack(
				options, &marked, keys, &payload, number, i, &ret_outcome->of[i]);
}

static void work(const struct options *options, const struct mark_keys *keys, unsigned int job,
	struct screen_outcome *outcomes)
{
	for (unsigned int i = job; i < options->screens; i += options->jobs)
		try_screen(options, keys, i, &outcomes[i]);
}

/* Each with a share of the screens; what they find is in memory that they share. */
static void work_all(const struct options *options, const struct mark_keys *keys,
	struct screen_outcome *outcomes)
{
	bool is_failed = false;
	int status;

	for (unsigned int job = 0; job < options->jobs; job++) {
		pid_t child = fork();

		if (child < 0)
			err(1, "fork");
		if (child > 0)
			continue;
		work(options, keys, job, outcomes);
		_exit(0);
	}
	while (wait(&status) > 0)
		is_failed |= status != 0;
	if (is_failed)
		errx(1, "a worker failed");
}

static unsigned int number_of(const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	if (*end || end == word || number > 1000000)
		errx(2, "no number: %s", word);
	return (unsigned int)number;
}

static void read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"screens", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 's'},
		{"attack", required_argument, NULL, 'a'},
		{"jobs", required_argument, NULL, 'j'},
		{"unmarked", required_argument, NULL, 'u'},
		{"pictures", required_argument, NULL, 'p'},
		{"strength", required_argument, NULL, 't'},
		{"flat", no_argument, NULL, 'f'},
		{"verbose", no_argument, NULL, 'v'},
		{0},
	};
	int word;

	while ((word = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (word) {
		case 'n':
			options->screens = number_of(optarg);
			break;
		case 's':
			options->seed = number_of(optarg);
			break;
		case 'a':
			options->attack = optarg;
			break;
		case 'j':
			options->jobs = number_of(optarg);
			break;
		case 'u':
			options->unmarked = number_of(optarg);
			break;
		case 'p':
			options->pictures = optarg;
			break;
		case 't':
			options->strength = number_of(optarg);
			break;
		case 'f':
			options->is_flat = true;
			break;
		case 'v':
			options->is_verbose = true;
			break;
		default:
			exit(2);
		}
	if (optind < argc || options->jobs < 1 || options->jobs > JOBS_MAX ||
		options->strength < 1 || options->strength > WATERMARK_STRENGTH_MAX)
		errx(2, "no such word or number of jobs");
}

int main(int argc, char **argv)
{
	struct options options = {
		.seed = 1, .screens = 10, .jobs = 1, .strength = WATERMARK_STRENGTH_DEFAULT};
	struct screen_outcome *outcomes;
	struct mark_keys keys;
	size_t size;

	read_options(argc, argv, &options);
	mark_keys_init(&keys, options.seed);
	if (options.unmarked)
		return unmarked_run(&keys, options.seed, options.unmarked, options.pictures) ? 1
											     : 0;
	size = (options.screens + 1) * sizeof(*outcomes);
	outcomes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		err(1, "memory");
	work_all(&options, &keys, outcomes);
	return table_print(outcomes, options.screens) ? 1 : 0;
}
