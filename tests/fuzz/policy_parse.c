/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a policy: parsed, compiled, evaluated and explained. The input is one file or
 * several, parted by lines of "%%": the first is main.ini, the others 1.ini, 2.ini ... which it may
 * include. What must hold, whatever the bytes: an error has a place and a message, a policy without
 * errors compiles, and a label without exceptions is closed.
 */
#include <assert.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "policy/explain.h"
#include "policy/words.h"

#define PART_MAX  8
#define INPUT_MAX 16384
#define SEPARATOR "\n%%\n"
#define NAME_SIZE 16

struct part {
	const char *text;
	size_t size;
	char name[NAME_SIZE];
};

struct parts {
	struct part parts[PART_MAX];
	size_t count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int part_read(const char *path, char **ret_text, size_t *ret_size, void *userdata)
{
	const struct parts *parts = userdata;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->parts[i];
		char *copy;

		if (strcmp(part->name, path))
			continue;
		copy = malloc(
			part->size ? part->size : 1); /* exactly: the sanitizer sees a byte past */
		assert(copy);
		memcpy(copy, part->text, part->size);
		*ret_text = copy;
		*ret_size = part->size;
		return 0;
	}
	return -ENOENT;
}

static int part_expand(const char *pattern, char ***ret_paths, size_t *ret_count, void *userdata)
{
	const struct parts *parts = userdata;
	char **paths = calloc(PART_MAX, sizeof(*paths));
	size_t count = 0;

	assert(paths);
	for (size_t i = 0; i < parts->count; i++)
		if (!fnmatch(pattern, parts->parts[i].name, FNM_PATHNAME))
			paths[count++] = strdup(parts->parts[i].name);
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}

static void split(const char *text, size_t size, struct parts *parts)
{
	while (parts->count < PART_MAX) {
		const char *end = memmem(text, size, SEPARATOR, strlen(SEPARATOR));
		struct part *part = &parts->parts[parts->count];

		part->text = text;
		part->size = end ? (size_t)(end - text) + 1 : size;
		if (parts->count)
			(void)snprintf(part->name, sizeof(part->name), "%zu.ini", parts->count);
		else
			(void)snprintf(part->name, sizeof(part->name), "main.ini");
		parts->count++;
		if (!end)
			return;
		size -= (size_t)(end - text) + strlen(SEPARATOR);
		text = end + strlen(SEPARATOR);
	}
}

static void check_problems(const struct policy_problems *problems)
{
	assert(problems->count && problems->count <= POLICY_PROBLEM_MAX);
	for (size_t i = 0; i < problems->count; i++) {
		const struct policy_problem *problem = &problems->items[i];

		assert(*problem->file && *problem->message);
		assert(!i || problem->file_order >= problem[-1].file_order);
		assert(!i || problem->file_order > problem[-1].file_order ||
			problem->line >= problem[-1].line);
	}
}

static void check_evaluation(const struct policy_compiled *compiled)
{
	const struct hf_bank *bank = &compiled->bank;
	struct policy_decision decision;

	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
		const struct hf_channel_masks *masks = &bank->channels[channel];
		struct policy_act act = {.labels = UINT64_MAX, .channel = channel, .uid = 4711};

		assert(!(masks->block & masks->warn) && !(masks->block & masks->audit) &&
			!(masks->warn & masks->audit));
		assert(policy_channel_follows(channel) || !masks->follow);
		policy_evaluate(compiled, &act, &decision);
		assert(decision.verdict == HF_VERDICT_BLOCK || compiled->labels == UINT64_MAX ||
			policy_channel_follows(channel));
		assert(!decision.decided == (decision.verdict == HF_VERDICT_ALLOW));
		(void)policy_rule_for(
			compiled, channel, decision.decided, NULL); /* must not crash */
	}
}

static void check_explanation(const struct policy_compiled *compiled)
{
	for (size_t i = 0; i < compiled->mark_count; i++)
		for (int channel = -1; channel <= HF_CHANNEL_PRINT; channel++) {
			struct policy_question question = {
				.path = compiled->marks[i].pattern,
				.app = compiled->app_count > 1 ? compiled->app[1].name : NULL,
				.channel = channel,
			};
			struct policy_answer answer;

			/* A name matches itself as a pattern: '*' and '?' stand for themselves too. */
			assert(policy_explain(compiled, &question, &answer) == 0);
			assert(!answer.is_unlabelled && answer.count);
			policy_answer_done(&answer);
		}
}

static void check_policy(const struct policy *policy)
{
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;
	int r;

	r = policy_compile(policy, NULL, &problems, &compiled);
	assert(r == 0 || r == -EBADMSG);
	if (r == 0) {
		check_evaluation(compiled);
		check_explanation(compiled);
	} else {
		check_problems(&problems);
	}
	policy_compiled_free(compiled);
	policy_problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts parts = {0};
	const struct policy_source source = {part_read, part_expand, &parts};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	int r;

	if (size > INPUT_MAX)
		return -1;
	split((const char *)data, size, &parts);
	r = policy_parse(&source, "main.ini", &problems, &policy);
	assert(r == 0 || r == -EBADMSG);
	if (r == 0) {
		assert(!policy_problems_any(&problems));
		check_policy(policy);
	} else {
		check_problems(&problems);
	}
	policy_free(policy);
	policy_problems_done(&problems);
	return 0;
}
