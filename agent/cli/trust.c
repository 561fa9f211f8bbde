/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cli/trust.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static const struct {
	const char *state, *text;
} rows[] = {
	{"never", "no word of the console since this machine was started: labelled files are shut "
		  "until it is reached"},
	{"pending", "waits for approval: labelled files are shut until an administrator approves "
		    "this device"},
	{"expired", "without contact for too long: labelled files are shut until a console is "
		    "reached"},
	{"suspended", "suspended: labelled files are shut until an administrator approves this "
		      "device again"},
	{"revoked", "revoked: labelled files are shut; only enrolling anew makes it another "
		    "device"},
};

bool trust_has_trouble(struct json_object *status)
{
	const char *state = json_text(status, "trust.state");

	return state[0] && strcmp(state, "trusted") != 0 && strcmp(state, "unmanaged") != 0;
}

/* What is not met, and what can be done; of what the console alone sees it can't be said here. */
static void print_unmet(struct json_object *status)
{
	struct json_object *unmet = json_at(status, "posture.unmet");
	size_t count = unmet ? json_object_array_length(unmet) : 0;

	print_styled(PRINT_BOLD, "Trust\n");
	print_styled(PRINT_BAD, "  this device does not meet what is required of it: labelled "
				"files are shut\n");
	if (!count)
		(void)puts("  all that can be seen here is well: ask an administrator, who sees "
			   "in the console what is not");
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(unmet, i);

		print_styled(PRINT_WARN, "  ");
		print_clean(json_text(one, "text"));
		(void)printf("\n      %s\n", json_text(one, "do"));
	}
}

void trust_print_machine(struct json_object *status)
{
	struct json_object *facts = json_at(status, "posture.facts");
	const char *require = json_text(status, "posture.require");

	if (!facts && !require[0])
		return;
	print_styled(PRINT_BOLD, "This machine, as far as it lets itself be known\n");
	(void)printf("  %-16s %s\n", "required", require[0] ? require : "nothing");
	if (!facts) {
		print_styled(PRINT_WARN, "  nothing is known of it, or nothing that is new\n");
		return;
	}
	json_object_object_foreach(facts, name, value)
	{
		if (!json_object_is_type(value, json_type_string))
			continue;
		(void)printf("  %-16s ", name);
		print_clean(json_object_get_string(value));
		(void)putchar('\n');
	}
}

void trust_print(struct json_object *status)
{
	const char *state = json_text(status, "trust.state");
	char until[CLOCK_TEXT_SIZE];

	if (!strcmp(state, "trusted")) {
		clock_format(json_number(status, "trust.until"), until);
		print_styled(PRINT_BOLD, "Trust\n");
		print_styled(PRINT_GOOD, "  trusted until %s without contact\n", until);
		return;
	}
	if (!strcmp(state, "unfit"))
		print_unmet(status);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(state, rows[i].state)) {
			print_styled(PRINT_BOLD, "Trust\n");
			print_styled(PRINT_BAD, "  %s\n", rows[i].text);
		}
}
