/* SPDX-License-Identifier: Apache-2.0 */
/* What status says of verification. */
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static void print_label(struct json_object *label)
{
	uint64_t until = json_number(label, "until");
	char when[CLOCK_TEXT_SIZE];

	if (until) {
		clock_format(until, when);
		print_styled(
			PRINT_GOOD, "  %-22s open until %s\n", json_text(label, "label"), when);
	} else {
		print_styled(PRINT_WARN, "  %-22s shut: verify by %s\n", json_text(label, "label"),
			json_text(label, "methods"));
	}
}

static void print_user(struct json_object *row)
{
	uint64_t uid = json_number(row, "uid");
	const struct passwd *user = getpwuid((uid_t)uid);
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(row, "until"), when);
	(void)printf("  user %-17s until %s\n", user ? user->pw_name : "?", when);
}

void print_verification(struct json_object *status)
{
	struct json_object *labels = json_at(status, "verify.labels");
	struct json_object *users = json_at(status, "verify.users");

	if (!labels)
		return;
	print_styled(PRINT_BOLD, "Verification\n");
	if (!json_true(status, "verify.ready"))
		print_styled(
			PRINT_BAD, "  nobody can verify: %s\n", json_text(status, "verify.why"));
	if (json_true(status, "verify.excepted")) {
		(void)puts("  you are never asked");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(labels); i++)
		print_label(json_object_array_get_idx(labels, i));
	for (size_t i = 0; users && i < json_object_array_length(users); i++)
		print_user(json_object_array_get_idx(users, i));
}
