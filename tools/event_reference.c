/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes build/docs/events.md from the two tables that the engine itself works by, so that it can't say anything else.
 * What a kind of event means is the comment of its enumerator, given on standard input line by line as
 * "EVENT_NAME text" (tools/event-reference).
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/failure_table.h"
#include "agent/engine/ocsf_table.h"

static const char *const severities[] = {
	"", "Informational", "Low", "Medium", "High", "Critical", "Fatal"};

static const char head[] =
	"# Events\n\n"
	"Made by `make docs` from the engine's tables. Events are objects of OCSF " OCSF_VERSION
	", one a line:\n`holdfast events --json`, and the console's exports. "
	"`metadata.event_code` is the name; the severity is that of\nwhat is only recorded, a "
	"refusal is Medium at least.\n\n"
	"| event | class | activity | severity | what happened |\n"
	"|---|---|---|---|---|\n";

static const char failures_head[] =
	"\n## Failures\n\n"
	"Event `failure` with one of these in `status_code`, a counter and a line of `holdfast "
	"doctor` each.\n\n"
	"| code | action | what it means, and what to do |\n"
	"|---|---|---|\n";

/* Enumerators come in their order, one a line: the kind is the number of the line. */
static void print_events(void)
{
	char line[512];

	for (unsigned int kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const struct ocsf_row *row = ocsf_row(kind);
		char *text = fgets(line, sizeof(line), stdin) ? strchr(line, ' ') : NULL;

		assert(text && row->name && row->severity_id < 7);
		text[strcspn(text, "\n")] = '\0';
		(void)printf("| `%s` | %s (%u) | %s (%u) | %s |%s |\n", row->name, row->class_name,
			row->class_uid, row->activity_name, row->activity_id,
			severities[row->severity_id], text);
	}
}

static void print_failures(void)
{
	for (unsigned int reason = 0; reason < FAILURE_REASON_MAX; reason++) {
		const struct failure_row *row = failure_row(reason);

		if (row->name)
			(void)printf("| `%s` | %s | %s |\n", row->name,
				failure_action_name(row->action), row->text);
	}
}

int main(void)
{
	(void)fputs(head, stdout);
	print_events();
	(void)fputs(failures_head, stdout);
	print_failures();
	return 0;
}
