/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is, in words. */
#include <stdio.h>

#include "agent/cli/cli.h"

void print_person(struct json_object *line)
{
	const char *user = json_text(line, "user.name");

	if (json_true(line, "is_of_others")) {
		(void)fputs("a process of another user", stdout);
		return;
	}
	if (json_true(line, "is_unrecorded")) {
		print_styled(PRINT_BOLD, "a process");
		(void)printf(" (process %s, of which there is no record)", json_text(line, "pid"));
		return;
	}
	print_clean(json_text(line, "name"));
	(void)printf(" (process %s, user ", json_text(line, "pid"));
	print_clean(user[0] ? user : json_text(line, "user.uid"));
	if (json_text(line, "app_name")[0]) {
		(void)fputs(", application ", stdout);
		print_clean(json_text(line, "app_name"));
	}
	if (json_true(line, "is_of_earlier_boot"))
		(void)fputs(", before the last start of this machine", stdout);
	(void)putchar(')');
}
