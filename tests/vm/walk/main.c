/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The random walk: sequences of random steps, each done by real processes under the real kernel part
 * and by the model, which must agree on what was refused, on the labels of processes and on those of
 * files. Labels only grow: what differs once differs until the end. So after each step the acting
 * process is compared, and in the end all; one sequence of 16, and each that disagrees, is gone
 * through with all compared after every step. (Looking at a file fills caches: not looking is a test
 * of its own.)
 *
 *   hf-walk --directory DIR [--directory DIR] [--seed N] [--count N] [--length N] [--shrink]
 *	[--failures N]
 *
 * One of 8 sequences has its files in the first directory, a disk whose caches can be emptied, the
 * others in the second, which is faster as a tmpfs. A sequence is named by its seed. --length: its first steps only. --shrink: when one fails, steps are
 * left out as long as it still fails. --failures: after so many it gives up (5).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "stage.h"
#include "steps.h"

#define LENGTH_LEAST  8
#define LENGTH_SPREAD 13 /* 8 to 20 steps */

#define THOROUGH_EVERY 16
#define DISK_EVERY     8

struct walk {
	struct stage *stage;
	struct step steps[WALK_LENGTH_MAX];
	int length;
	struct stage_setting setting;
	bool is_thorough; /* all is compared after each step */
	char disagreement[256];
};

static struct {
	const char *directories[3]; /* ended by NULL */
	unsigned long seed;
	unsigned long count;
	unsigned long failures;
	int length;
	bool is_shrinking;
} options = {.seed = 1, .count = 2000, .failures = 5};

static volatile sig_atomic_t is_ending;
static unsigned long steps_taken, refusals, tainted;
static uint64_t setting_ns, stepping_ns, looking_ns; /* where the time goes */

/* Adds what passed since *since, which becomes now. */
static void clock_add(uint64_t *total, uint64_t *since)
{
	uint64_t now = clock_boot_ns();

	*total += now - *since;
	*since = now;
}

/* The same steps for the same seed, whatever the kernel does. */
static void steps_make(struct walk *walk, unsigned long seed)
{
	uint64_t state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	struct model model;

	model_init(&model);
	walk->length = LENGTH_LEAST + (int)(seed * 7 % LENGTH_SPREAD);
	if (options.length && options.length < WALK_LENGTH_MAX)
		walk->length = options.length;
	walk->setting = (struct stage_setting){
		.directory = options.directories[seed % DISK_EVERY && options.directories[1]],
		.is_forgetful = seed % (4 * DISK_EVERY) == 0,
	};
	for (int i = 0; i < walk->length; i++) {
		walk->steps[i] = step_random(&model, &state);
		walk->setting.places |= step_places(&walk->steps[i]);
		(void)model_step(&model, &walk->steps[i]); /* where it leads, not what it says */
	}
}

static bool differ(struct walk *walk, const char *what, int which, uint64_t kernel, uint64_t model)
{
	(void)snprintf(walk->disagreement, sizeof(walk->disagreement),
		"%s %d: the kernel says %llx, the model %llx", what, which,
		(unsigned long long)kernel, (unsigned long long)model);
	return false;
}

static bool process_agrees(struct walk *walk, const struct model *model, int process)
{
	const struct model_process *known = &model->processes[process];
	uint64_t labels = 0, expected = model_taint(model, process);

	if (!known->is_alive)
		return true;
	if (stage_taint(walk->stage, process, &labels) < 0)
		labels = UINT64_MAX;
	tainted += labels != 0;
	/* What memory shared with a vfork child brought shows in what it writes. */
	if (labels == expected || (known->has_shared_memory && !(labels & ~expected)))
		return true;
	return differ(walk, "process", process, labels, expected);
}

static bool processes_agree(struct walk *walk, const struct model *model)
{
	for (int process = 0; process < WALK_PROCESSES; process++)
		if (!process_agrees(walk, model, process))
			return false;
	return true;
}

static bool files_agree(struct walk *walk, const struct model *model, int first)
{
	for (int i = 0; i < model->name_count; i++) {
		int name = (first + i) % model->name_count;
		uint64_t labels = 0;

		if (model->names[name].is_gone)
			continue;
		if (stage_labels(walk->stage, model, name, &labels) < 0)
			labels = UINT64_MAX;
		if (labels != model_labels(model, name))
			return differ(walk, "file", name, labels, model_labels(model, name));
	}
	return true;
}

/* What is no refusal, but finds nothing or no room (tmpfs has such attributes from 6.6 on). */
static bool is_harmless(int error)
{
	return error == EAGAIN || error == ENODATA || error == ENOMSG || error == EOPNOTSUPP;
}

static bool step_agrees(struct walk *walk, struct model *model, const struct step *step)
{
	uint64_t since = clock_boot_ns();
	int error = stage_step(walk->stage, model, step);
	bool is_allowed = model_step(model, step), agrees;

	clock_add(&stepping_ns, &since);

	steps_taken++;
	refusals += !is_allowed;
	if (error && error != EPERM && !is_harmless(error)) {
		(void)snprintf(walk->disagreement, sizeof(walk->disagreement), "it fails: %s",
			strerror(abs(error)));
		return false;
	}
	if ((error == EPERM) == is_allowed) {
		(void)snprintf(walk->disagreement, sizeof(walk->disagreement),
			"the kernel %s it, the model does not", is_allowed ? "refuses" : "allows");
		return false;
	}
	if (walk->is_thorough)
		agrees = processes_agree(walk, model) && files_agree(walk, model, step->who);
	else
		agrees = process_agrees(walk, model, step->who);
	clock_add(&looking_ns, &since);
	return agrees;
}

/* How many steps agree. Steps that are not possible (others were left out) are passed over. */
static int walk_run(struct walk *walk, struct model *ret_model)
{
	uint64_t since = clock_boot_ns();
	int at = 0, r;

	model_init(ret_model);
	r = stage_begin(walk->stage, ret_model, &walk->setting);
	if (r < 0) {
		fprintf(stderr, "hf-walk: cannot set the stage: %s\n", strerror(-r));
		exit(2);
	}
	clock_add(&setting_ns, &since);
	for (; at < walk->length; at++)
		if (step_is_possible(ret_model, &walk->steps[at]) &&
			!step_agrees(walk, ret_model, &walk->steps[at]))
			break;
	since = clock_boot_ns();
	if (at == walk->length && !walk->is_thorough &&
		!(processes_agree(walk, ret_model) && files_agree(walk, ret_model, 0)))
		at--; /* with some step; the last one at the latest */
	clock_add(&looking_ns, &since);
	stage_end(walk->stage, ret_model);
	clock_add(&setting_ns, &since);
	return at;
}

static void walk_print(const struct walk *walk)
{
	char text[128];

	for (int i = 0; i < walk->length; i++) {
		step_print(&walk->steps[i], text, sizeof(text));
		printf("    %s\n", text);
	}
	printf("  %s\n", walk->disagreement);
}

/* Leaves out what is not needed for it to fail. */
static void walk_shrink(struct walk *walk)
{
	struct model model;

	for (int i = walk->length - 2; i >= 0; i--) {
		struct walk shorter = *walk;
		int agreed;

		memmove(shorter.steps + i, shorter.steps + i + 1,
			(size_t)(shorter.length - i - 1) * sizeof(shorter.steps[0]));
		shorter.length--;
		agreed = walk_run(&shorter, &model);
		if (agreed == shorter.length)
			continue;
		shorter.length = agreed + 1;
		*walk = shorter;
		if (i > walk->length - 1)
			i = walk->length - 1;
	}
}

static bool sequence_agrees(struct walk *walk, unsigned long seed)
{
	struct model model;
	int agreed;

	steps_make(walk, seed);
	walk->is_thorough = seed % THOROUGH_EVERY == 1;
	agreed = walk_run(walk, &model);
	if (agreed == walk->length)
		return true;
	if (!walk->is_thorough) {
		int looked;

		walk->is_thorough = true; /* with which step? */
		looked = walk_run(walk, &model);
		if (looked < walk->length)
			agreed = looked;
		else
			walk->is_thorough = false; /* it agrees when it is looked at: caches */
	}
	printf("disagreement: --seed %lu --length %d\n", seed, agreed + 1);
	walk->length = agreed + 1;
	if (options.is_shrinking)
		walk_shrink(walk);
	walk_print(walk);
	return false;
}

static int parse(int argc, char **argv)
{
	static const struct option words[] = {
		{"directory", required_argument, NULL, 'd'},
		{"seed", required_argument, NULL, 's'},
		{"count", required_argument, NULL, 'c'},
		{"length", required_argument, NULL, 'l'},
		{"failures", required_argument, NULL, 'f'},
		{"shrink", no_argument, NULL, 'k'},
		{0},
	};
	bool has_seed = false, has_count = false;
	int directories = 0;
	int word;

	while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
		switch (word) {
		case 'd':
			if (directories == 2)
				return -EINVAL;
			options.directories[directories++] = optarg;
			break;
		case 's':
			options.seed = strtoul(optarg, NULL, 0);
			has_seed = true;
			break;
		case 'c':
			options.count = strtoul(optarg, NULL, 0);
			has_count = true;
			break;
		case 'l':
			options.length = atoi(optarg);
			break;
		case 'f':
			options.failures = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			options.is_shrinking = true;
			break;
		default:
			return -EINVAL;
		}
	}
	if (has_seed && !has_count)
		options.count = 1;
	return optind == argc && directories ? 0 : -EINVAL;
}

static void on_end(int number)
{
	(void)number; /* one is handled */
	is_ending = 1;
}

int main(int argc, char **argv)
{
	struct walk walk = {0};
	unsigned long failures = 0, done = 0;
	int r;

	if (parse(argc, argv) < 0) {
		fprintf(stderr,
			"usage: hf-walk --directory DIR [--directory DIR] [--seed N] [--count N] "
			"[--length N] [--shrink] [--failures N]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = stage_open(options.directories, &walk.stage);
	if (r < 0) {
		fprintf(stderr, "hf-walk: %s\n", strerror(-r));
		return 2;
	}
	(void)signal(SIGTERM, on_end); /* a valid signal */
	for (; done < options.count && failures < options.failures && !is_ending; done++)
		failures += !sequence_agrees(&walk, options.seed + done);
	printf("%lu sequences from seed %lu: %lu steps, %lu to be refused, %lu looks at labelled "
	       "processes, %lu disagreements\n",
		done, options.seed, steps_taken, refusals, tainted, failures);
	printf("setting the stage took %.1f s, steps %.1f s, looking %.1f s\n",
		(double)setting_ns / 1e9, (double)stepping_ns / 1e9, (double)looking_ns / 1e9);
	return failures ? 1 : 0;
}
