/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern.h"

#include <string.h>

/* Greedy with one step back to the last '*': linear for one star, never exponential. */
bool policy_pattern_matches_name(
	const char *pattern, size_t pattern_size, const char *name, size_t name_size)
{
	size_t p = 0, n = 0, star = 0, retry = 0;
	bool has_star = false;

	while (n < name_size) {
		if (p < pattern_size && pattern[p] == '*') {
			has_star = true;
			star = p++;
			retry = n;
		} else if (p < pattern_size && (pattern[p] == '?' || pattern[p] == name[n])) {
			p++;
			n++;
		} else if (has_star) {
			p = star + 1;
			n = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern_size && pattern[p] == '*')
		p++;
	return p == pattern_size;
}

/* Where path goes on after what pattern describes; NULL when it is another path. */
static const char *rest_of(const char *pattern, const char *path)
{
	while (*pattern == '/') {
		size_t pattern_size, name_size;

		if (*path != '/')
			return NULL;
		pattern_size = strcspn(++pattern, "/");
		name_size = strcspn(++path, "/");
		if (!name_size ||
			!policy_pattern_matches_name(pattern, pattern_size, path, name_size))
			return NULL;
		pattern += pattern_size;
		path += name_size;
	}
	return *pattern ? NULL : path;
}

bool policy_pattern_matches(const char *pattern, const char *path)
{
	const char *rest = rest_of(pattern, path);

	return rest && !*rest;
}

bool policy_pattern_covers(const char *pattern, const char *path)
{
	const char *rest = rest_of(pattern, path);

	return rest && (!*rest || *rest == '/');
}

bool policy_pattern_has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?");
}
