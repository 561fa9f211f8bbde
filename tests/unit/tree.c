/* SPDX-License-Identifier: Apache-2.0 */
/* The strokes before the lines of a tree. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/cli/cli.h"

static void expect(const unsigned int *depths, size_t count, const char *const *wanted)
{
	for (size_t i = 0; i < count; i++) {
		char prefix[TREE_PREFIX_SIZE];

		tree_prefix(depths, count, i, false, prefix);
		cr_expect_str_eq(prefix, wanted[i], "line %zu: '%s'", i, prefix);
	}
}

Test(tree, branches)
{
	static const unsigned int depths[] = {1, 2, 3, 2, 1, 2};
	static const char *const wanted[] = {
		"|- ", "|  |- ", "|  |  `- ", "|  `- ", "`- ", "   `- "};

	expect(depths, 6, wanted);
}

Test(tree, one_branch)
{
	static const unsigned int depths[] = {1, 2, 3};
	static const char *const wanted[] = {"`- ", "   `- ", "      `- "};

	expect(depths, 3, wanted);
}

Test(tree, the_root_has_none)
{
	static const unsigned int depths[] = {0};
	static const char *const wanted[] = {""};

	expect(depths, 1, wanted);
}

/* Deeper than anything the engine draws: cut, and inside the field. */
Test(tree, too_deep)
{
	const unsigned int depths[] = {UINT16_MAX};
	char prefix[TREE_PREFIX_SIZE];

	tree_prefix(depths, 1, 0, true, prefix);
	cr_expect_lt(strlen(prefix), TREE_PREFIX_SIZE);
	cr_expect_gt(strlen(prefix), TREE_PREFIX_SIZE - 16);
}
