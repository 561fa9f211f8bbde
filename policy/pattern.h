/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path patterns of labels and applications: absolute, '*' and '?' match within one component and
 * never a slash; every other byte stands for itself. A leading dot is not special.
 */
#ifndef HOLDFAST_POLICY_PATTERN_H
#define HOLDFAST_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether one name (no slash) matches one component of a pattern. */
bool policy_pattern_matches_name(
	const char *pattern, size_t pattern_size, const char *name, size_t name_size);

/* Whether path is exactly what pattern describes: applications. */
bool policy_pattern_matches(const char *pattern, const char *path);

/* Whether path is what pattern describes, or below it: labels. */
bool policy_pattern_covers(const char *pattern, const char *path);

/* Whether there is a '*' or '?'. */
bool policy_pattern_has_wildcard(const char *pattern);

#endif
