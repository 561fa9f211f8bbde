/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the first file and all it includes. Owns files, include patterns and cycles; no section or
 * value.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "policy/build.h"
#include "policy/lines.h"

/* The files that are being read, outermost first: an include of one of them is a cycle. */
struct chain {
	const char *files[POLICY_INCLUDE_DEPTH + 1];
	size_t depth;
};

static int file_read(struct build *build, struct chain *chain, const char *path,
	const struct policy_place *from);

static void includes_free(struct include *includes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(includes[i].pattern);
	free(includes);
}

static void paths_free(char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}

/* Takes "." and "name/.." out, so that one file has one name here. Follows no link: no I/O. */
static void tidy(char *path)
{
	char *out = path, *first = path + (*path == '/');

	out = first;
	for (const char *in = first; *in;) {
		size_t size = strcspn(in, "/");
		bool is_up = size == 2 && !strncmp(in, "..", 2);
		char *last = out;

		while (last > first && last[-1] != '/')
			last--;
		if (is_up && out > first && strcmp(last, "..")) {
			out = last > first ? last - 1 : first;
		} else if (size && !(size == 1 && *in == '.')) {
			if (out > first)
				*out++ = '/';
			memmove(out, in, size);
			out += size;
		}
		in += size;
		in += *in == '/';
		/* Ends here for strcmp(3) above; what is still to be read lies behind. */
		if (out < in)
			*out = '\0';
	}
	*out = '\0';
}

/* pattern as seen from the directory of file. NULL without memory. */
static char *join(const char *file, const char *pattern)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (*pattern == '/' || !slash)
		path = strdup(pattern);
	else if (asprintf(&path, "%.*s/%s", (int)(slash - file), file, pattern) < 0)
		path = NULL;
	if (path)
		tidy(path);
	return path;
}

static int expand(
	struct build *build, const struct include *include, char ***ret_paths, size_t *ret_count)
{
	auto_free char *pattern = join(include->place.file, include->pattern);
	auto_free char **one = NULL;

	if (!pattern)
		return -ENOMEM;
	if (build->source->expand && strpbrk(pattern, "*?["))
		return build->source->expand(
			pattern, ret_paths, ret_count, build->source->userdata);
	one = calloc(1, sizeof(*one));
	if (!one)
		return -ENOMEM;
	one[0] = take_ptr(pattern);
	*ret_paths = take_ptr(one);
	*ret_count = 1;
	return 0;
}

/* False, after saying why, when path must not be read here. */
static bool is_welcome(struct build *build, const struct chain *chain, const char *path,
	const struct policy_place *from)
{
	for (size_t i = 0; i < chain->depth; i++) {
		if (strcmp(chain->files[i], path))
			continue;
		policy_problems_add(build->problems, from, NULL,
			"include of '%s' goes round in a circle: it is what includes this file",
			path);
		return false;
	}
	for (size_t i = 0; i < build->policy->file_count; i++) {
		if (strcmp(build->policy->files[i], path))
			continue;
		policy_problems_add(build->problems, from, NULL,
			"'%s' is included already: expected each file once", path);
		return false;
	}
	if (chain->depth > POLICY_INCLUDE_DEPTH) {
		policy_problems_add(build->problems, from, NULL,
			"include of '%s' is too deep: expected at most %d levels", path,
			POLICY_INCLUDE_DEPTH);
		return false;
	}
	if (build->policy->file_count >= POLICY_FILE_MAX) {
		policy_problems_add(build->problems, from, NULL,
			"too many files: expected at most %d in one policy", POLICY_FILE_MAX);
		return false;
	}
	return true;
}

static int include_read(struct build *build, struct chain *chain, const struct include *include)
{
	char **paths = NULL;
	size_t count = 0;
	int r;

	r = expand(build, include, &paths, &count);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		policy_problems_add(build->problems, &include->place, NULL,
			"cannot look for '%.200s': %s", include->pattern, strerrordesc_np(-r));
		return 0;
	}
	if (!count)
		policy_problems_add(build->problems, &include->place, NULL,
			"include '%.200s' matches no file", include->pattern);
	r = 0;
	for (size_t i = 0; i < count && r == 0; i++)
		if (is_welcome(build, chain, paths[i], &include->place))
			r = file_read(build, chain, paths[i], &include->place);
	paths_free(paths, count);
	return r;
}

static int file_add(struct build *build, const char *path, struct policy_place *ret_place)
{
	struct policy *policy = build->policy;
	auto_free char *copy = strdup(path);
	char **file;

	if (!copy)
		return -ENOMEM;
	file = build_grow(build, &policy->files, &policy->file_count, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = take_ptr(copy);
	*ret_place = (struct policy_place){
		.file = *file,
		.file_order = (unsigned int)policy->file_count - 1,
	};
	return 0;
}

static void text_parse(
	struct build *build, const char *text, size_t size, const struct policy_place *place)
{
	const struct policy_lines lines = {
		.section = section_begin,
		.lost = section_lost,
		.value = section_value,
		.userdata = build,
	};

	build->place = *place;
	build->policy_place = (struct policy_place){0};
	build->includes = NULL;
	build->include_count = 0;
	policy_lines_read(text, size, place, build->problems, &lines);
	section_end(build);
}

static int file_read(
	struct build *build, struct chain *chain, const char *path, const struct policy_place *from)
{
	struct policy_place place;
	auto_free char *text = NULL;
	struct include *includes;
	size_t size = 0, count;
	int r;

	r = file_add(build, path, &place);
	if (r < 0)
		return r;
	r = build->source->read(path, &text, &size, build->source->userdata);
	if (r == 0 && size > POLICY_FILE_SIZE_MAX)
		r = -EFBIG;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		policy_problems_add(build->problems, from ? from : &place, NULL,
			"cannot read '%s': %s", path, strerrordesc_np(-r));
		return 0;
	}
	text_parse(build, text, size, &place);
	includes = build->includes;
	count = build->include_count;
	chain->files[chain->depth++] = place.file;
	r = build->r;
	for (size_t i = 0; i < count && r == 0; i++)
		r = include_read(build, chain, &includes[i]);
	chain->depth--;
	includes_free(includes, count);
	return r;
}

static void check_head(struct build *build)
{
	const struct policy *policy = build->policy;
	struct policy_place place = policy->place;

	if (!place.line) {
		place.file = policy->files[0];
		policy_problems_add(build->problems, &place, "[policy]",
			"no [policy] in the first file: expected one, with name and version");
		return;
	}
	if (!policy->name)
		policy_problems_add(build->problems, &place, "name",
			"[policy] without 'name': expected the key below this heading");
	if (!policy->version)
		policy_problems_add(build->problems, &place, "version",
			"[policy] without 'version': expected the key below this heading");
}

int policy_parse(const struct policy_source *source, const char *path,
	struct policy_problems *problems, struct policy **ret_policy)
{
	auto_call(policy_freep) struct policy *policy = calloc(1, sizeof(*policy));
	struct build build = {.source = source, .problems = problems, .policy = policy};
	struct chain chain = {0};
	size_t before = problems->count + problems->left_out;
	int r;

	if (!policy)
		return -ENOMEM;
	policy->watermark.rules.angle = WATERMARK_ANGLE_DEFAULT;
	policy->watermark.rules.opacity = WATERMARK_OPACITY_DEFAULT;
	r = file_read(&build, &chain, path, NULL);
	if (r < 0)
		return r;
	check_head(&build);
	check_references(&build);
	check_rules(&build);
	check_exempt(&build);
	check_vaults(&build);
	check_login(&build);
	check_browser(&build);
	check_verify(&build);
	check_screen(&build);
	check_watermark(&build);
	if (build.r < 0 || problems->is_out_of_memory)
		return -ENOMEM;
	policy_problems_sort(problems);
	if (problems->count + problems->left_out != before)
		return -EBADMSG;
	*ret_policy = take_ptr(policy);
	return 0;
}
