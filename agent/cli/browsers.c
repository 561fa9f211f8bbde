/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cli/browsers.h"

#include <stdio.h>

#include "agent/cli/cli.h"

static struct json_object *browser_at(struct json_object *list, size_t index)
{
	return json_object_array_get_idx(list, index);
}

void browsers_print(struct json_object *status)
{
	struct json_object *list = json_at(status, "browsers");

	if (!list)
		return;
	print_styled(PRINT_BOLD, "Browsers\n");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *browser = browser_at(list, i);
		struct json_object *domains = json_at(browser, "domains");
		bool is_bound = json_true(browser, "bound");

		print_styled(
			is_bound ? PRINT_GOOD : PRINT_BAD, "  %-9s", json_text(browser, "browser"));
		(void)fputs(is_bound ? " signs in to" : " IS NOT BOUND to", stdout);
		for (size_t j = 0; domains && j < json_object_array_length(domains); j++) {
			(void)fputs(j ? ", " : " ", stdout);
			print_clean(json_object_get_string(browser_at(domains, j)));
		}
		(void)printf("%s%s\n", is_bound ? "" : ": ", json_text(browser, "why"));
	}
}

bool browsers_have_trouble(struct json_object *status)
{
	struct json_object *list = json_at(status, "browsers");

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (!json_true(browser_at(list, i), "bound"))
			return true;
	return false;
}
