/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies in memory for tests/unit/policy_*.c, and the small policy most of them start from.
 */
#ifndef HOLDFAST_TESTS_UNIT_POLICY_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_POLICY_FIXTURE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"

#define HEAD   "[policy]\nname = test\nversion = 1\n"					/* 1-3 */
#define TENANT "[tenant acme]\ntitle = Acme\n"						/* 4-5 */
#define LABEL  "[label finance]\ntenant = acme\npath = /srv/finance\nopen-with = vim\n" /* 6-9 */
#define APP    "[app vim]\npath = /usr/bin/vim.basic\n"					/* 10-11 */
#define GOOD   HEAD TENANT LABEL APP

struct fixture_file {
	const char *path;
	const char *text;
	size_t size; /* 0 = to the NUL */
};

static inline int fixture_read(const char *path, char **ret_text, size_t *ret_size, void *userdata)
{
	for (const struct fixture_file *file = userdata; file->path; file++) {
		size_t size = file->size ? file->size : strlen(file->text);
		char *copy;

		if (strcmp(file->path, path))
			continue;
		copy = malloc(size + 1);
		cr_assert(copy);
		memcpy(copy, file->text, size);
		*ret_text = copy;
		*ret_size = size;
		return 0;
	}
	return -ENOENT;
}

static inline int fixture_expand(
	const char *pattern, char ***ret_paths, size_t *ret_count, void *userdata)
{
	char **paths = calloc(16, sizeof(*paths));
	size_t count = 0;

	cr_assert(paths);
	for (const struct fixture_file *file = userdata; file->path; file++)
		if (!fnmatch(pattern, file->path, FNM_PATHNAME))
			paths[count++] = strdup(file->path);
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}

static inline int fixture_parse_files(
	struct fixture_file *files, struct policy_problems *problems, struct policy **ret_policy)
{
	const struct policy_source source = {fixture_read, fixture_expand, files};

	return policy_parse(&source, files[0].path, problems, ret_policy);
}

static inline int fixture_parse(
	const char *text, struct policy_problems *problems, struct policy **ret_policy)
{
	struct fixture_file files[] = {{"test.ini", text, 0}, {0}};

	return fixture_parse_files(files, problems, ret_policy);
}

static inline void fixture_no_problems(const struct policy_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		cr_log_error("%s:%u: %s", problems->items[i].file, problems->items[i].line,
			problems->items[i].message);
	cr_assert_eq(problems->count, 0, "expected a policy without problems");
}

/* The caller frees. Fails the test when there is any problem. */
static inline struct policy *fixture_policy(const char *text)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	int r;

	r = fixture_parse(text, &problems, &policy);
	fixture_no_problems(&problems);
	cr_assert_eq(r, 0);
	policy_problems_done(&problems);
	return policy;
}

/* uids for every name a test uses: anna 1001, ben 1002, @audit both. */
static inline int fixture_users(
	const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count, void *userdata)
{
	bool is_known = !strcmp(name, is_group ? "audit" : "anna") ||
			(!is_group && !strcmp(name, "ben"));
	uint32_t *uids;

	(void)userdata; /* nothing to know */
	if (!is_known)
		return -ENOENT;
	uids = calloc(2, sizeof(*uids));
	cr_assert(uids);
	uids[0] = strcmp(name, "ben") ? 1001 : 1002;
	uids[1] = 1002;
	*ret_uids = uids;
	*ret_count = is_group ? 2 : 1;
	return 0;
}

/* The caller frees. Fails the test when there is any problem. */
static inline struct policy_compiled *fixture_compile(const char *text)
{
	const struct policy_compiler compiler = {.resolve_user = fixture_users};
	struct policy *policy = fixture_policy(text);
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;
	int r;

	r = policy_compile(policy, &compiler, &problems, &compiled);
	fixture_no_problems(&problems);
	cr_assert_eq(r, 0);
	policy_free(policy);
	policy_problems_done(&problems);
	return compiled;
}

#endif
