/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cli/trust.h"

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
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(state, rows[i].state)) {
			print_styled(PRINT_BOLD, "Trust\n");
			print_styled(PRINT_BAD, "  %s\n", rows[i].text);
		}
}
