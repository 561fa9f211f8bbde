/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that are paths: of labels, applications and includes. Part of values.h: what is a path and
 * what would mark too much.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/pattern.h"
#include "policy/values.h"

/* Not below these: kernel interfaces and device nodes hold nobody's documents. */
static const char *const never_below[] = {"/proc", "/sys", "/dev"};

/* Not as a whole: the system itself, and every user, lives here. */
static const char *const never_whole[] = {"/bin", "/boot", "/etc", "/home", "/lib", "/lib64",
	"/opt", "/root", "/run", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib",
	"/usr/sbin", "/usr/share", "/var", "/var/lib"};

/* Whether a component of path is "." or ".."; it then points elsewhere than it reads. */
static bool has_dots(const char *path)
{
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 1 && *path == '.')
			return true;
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += size;
		path += *path == '/';
	}
	return false;
}

/* The path without doubled and closing slashes, or NULL without memory. */
static char *tidy(const char *path)
{
	char *copy = strdup(path), *out = copy;

	if (!copy)
		return NULL;
	for (const char *in = path; *in; in++)
		if (*in != '/' || out == copy || out[-1] != '/')
			*out++ = *in;
	if (out > copy + 1 && out[-1] == '/')
		out--;
	*out = '\0';
	return copy;
}

static bool is_path(struct build *build, const char *value)
{
	auto_free char *tidied = NULL;

	if (*value != '/') {
		build_problem(build, *value == '~' ? "/home/*" : NULL,
			"path '%.160s': expected an absolute path, starting with /", value);
		return false;
	}
	if (has_dots(value)) {
		build_problem(
			build, NULL, "path '%.160s': expected no . or .. between slashes", value);
		return false;
	}
	if (strstr(value, "**")) {
		build_problem(build, "a label covers everything below its path",
			"path '%.160s': expected * once; it stands for part of one name", value);
		return false;
	}
	if (strpbrk(value, "[]{}")) {
		build_problem(build, "? stands for any one character",
			"path '%.160s': expected no brackets; only * and ? are special", value);
		return false;
	}
	tidied = tidy(value);
	if (!tidied) {
		build->r = -ENOMEM;
		return false;
	}
	if (strcmp(tidied, value)) {
		build_problem(build, tidied,
			"path '%.160s': expected single slashes, none at the end", value);
		return false;
	}
	return true;
}

static bool is_too_wide(const char *pattern)
{
	if (!pattern[1])
		return true;
	for (size_t i = 0; i < sizeof(never_below) / sizeof(*never_below); i++)
		if (policy_pattern_covers(never_below[i], pattern) ||
			policy_pattern_matches(pattern, never_below[i]))
			return true;
	for (size_t i = 0; i < sizeof(never_whole) / sizeof(*never_whole); i++)
		if (policy_pattern_matches(pattern, never_whole[i]))
			return true;
	return false;
}

void value_path_label(struct build *build, void *field, const char *value)
{
	const struct policy_list *list = field;

	if (!is_path(build, value))
		return;
	if (is_too_wide(value)) {
		build_problem(build, "/srv/finance",
			"path '%.160s' would label the system itself: expected a directory of "
			"documents",
			value);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		const char *known = list->items[i].text;

		if (!strcmp(known, value) || policy_pattern_has_wildcard(value) ||
			!policy_pattern_covers(known, value))
			continue;
		build_problem(build, NULL, "path '%.120s' is below '%.120s' of line %u already",
			value, known, list->items[i].place.line);
		return;
	}
	value_list_add(build, field, value);
}

static void add_state(struct build *build, void *field, const char *path)
{
	if (!is_path(build, path))
		return;
	if (is_too_wide(path) || policy_pattern_matches("/home/*", path)) {
		build_problem(build, "~/.config/NAME",
			"%s '%.160s' holds too much: expected a directory below it",
			build->key->name, path);
		return;
	}
	value_list_add(build, field, path);
}

/* "~" is the home of each user, root's too, where the system puts homes. */
void value_path_state(struct build *build, void *field, const char *value)
{
	static const char *const homes[] = {"/home/*", "/root"};

	if (strncmp(value, "~/", 2)) {
		add_state(build, field, value);
		return;
	}
	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++) {
		auto_free char *path = NULL;

		if (asprintf(&path, "%s%s", homes[i], value + 1) < 0) {
			path = NULL;
			build->r = -ENOMEM;
			return;
		}
		add_state(build, field, path);
	}
}

void value_path_app(struct build *build, void *field, const char *value)
{
	const char *name = strrchr(value, '/');

	if (!is_path(build, value))
		return;
	if (!name[1] || !strcmp(name, "/*")) {
		build_problem(build, "/usr/bin/less",
			"path '%.160s': expected an executable; its last part may hold *, not be *",
			value);
		return;
	}
	value_list_add(build, field, value);
}

void value_include(struct build *build, void *field, const char *value)
{
	struct include *include;
	char *copy;

	(void)field; /* includes belong to the file, not to the policy */
	if (build->include_count >= POLICY_FILE_MAX) {
		build_problem(
			build, NULL, "too many includes: expected at most %d", POLICY_FILE_MAX);
		return;
	}
	copy = strdup(value);
	if (!copy) {
		build->r = -ENOMEM;
		return;
	}
	include = build_grow(build, &build->includes, &build->include_count, sizeof(*include));
	if (!include) {
		free(copy);
		return;
	}
	include->pattern = copy;
	include->place = build->place;
}
