/* SPDX-License-Identifier: Apache-2.0 */
/* The strokes of a tree. */
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"

/* Whether a line of that depth follows, before the branch ends. */
static bool goes_on(const unsigned int *depths, size_t count, size_t index, unsigned int depth)
{
	for (size_t i = index + 1; i < count && depths[i] >= depth; i++)
		if (depths[i] == depth)
			return true;
	return false;
}

void tree_prefix(const unsigned int *depths, size_t count, size_t index, bool has_lines,
	char ret_prefix[TREE_PREFIX_SIZE])
{
	size_t used = 0;

	ret_prefix[0] = '\0';
	for (unsigned int depth = 1; depth <= depths[index]; depth++) {
		bool is_here = depth == depths[index],
		     is_open = goes_on(depths, count, index, depth);
		const char *stroke;

		if (is_here)
			stroke = has_lines ? (is_open ? "├─ " : "└─ ") : (is_open ? "|- " : "`- ");
		else
			stroke = !is_open ? "   " : has_lines ? "│  " : "|  ";
		if (used + strlen(stroke) >= TREE_PREFIX_SIZE)
			return; /* deeper than the engine draws */
		used += (size_t)snprintf(ret_prefix + used, TREE_PREFIX_SIZE - used, "%s", stroke);
	}
}
