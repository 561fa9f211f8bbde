/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

static bool is_known(const struct policy_problems *problems, const struct policy_place *place,
	const char *message)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct policy_problem *known = &problems->items[i];

		if (known->line == place->line && known->file_order == place->file_order &&
			!strcmp(known->message, message))
			return true;
	}
	return false;
}

static int append(struct policy_problems *problems, const struct policy_place *place,
	const char *message, const char *hint)
{
	auto_free char *file = strdup(place->file ? place->file : ""), *text = strdup(message);
	auto_free char *hint_copy = NULL;
	struct policy_problem *items;

	if (hint && *hint)
		hint_copy = strndup(hint, POLICY_PROBLEM_TEXT_MAX);
	if (!file || !text || (hint && *hint && !hint_copy))
		return -ENOMEM;
	items = realloc(problems->items, (problems->count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	problems->items = items;
	items[problems->count++] = (struct policy_problem){
		.file = take_ptr(file),
		.line = place->line,
		.file_order = place->file_order,
		.message = take_ptr(text),
		.hint = take_ptr(hint_copy),
	};
	return 0;
}

void policy_problems_add(struct policy_problems *problems, const struct policy_place *place,
	const char *hint, const char *format, ...)
{
	char message[POLICY_PROBLEM_TEXT_MAX + 1];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments); /* cut when too long */
	va_end(arguments);
	if (is_known(problems, place, message))
		return;
	if (problems->count >= POLICY_PROBLEM_MAX) {
		problems->left_out++;
		return;
	}
	if (append(problems, place, message, hint) < 0)
		problems->is_out_of_memory = true;
}

bool policy_problems_any(const struct policy_problems *problems)
{
	return problems->count || problems->left_out || problems->is_out_of_memory;
}

static bool is_after(const struct policy_problem *a, const struct policy_problem *b)
{
	if (a->file_order != b->file_order)
		return a->file_order > b->file_order;
	return a->line > b->line;
}

void policy_problems_sort(struct policy_problems *problems)
{
	/* At most POLICY_PROBLEM_MAX, and stable, which qsort(3) is not. */
	for (size_t i = 1; i < problems->count; i++) {
		struct policy_problem moved = problems->items[i];
		size_t at = i;

		for (; at > 0 && is_after(&problems->items[at - 1], &moved); at--)
			problems->items[at] = problems->items[at - 1];
		problems->items[at] = moved;
	}
}

void policy_problems_done(struct policy_problems *problems)
{
	if (!problems)
		return;
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].file);
		free(problems->items[i].message);
		free(problems->items[i].hint);
	}
	free(problems->items);
	*problems = (struct policy_problems){0};
}
