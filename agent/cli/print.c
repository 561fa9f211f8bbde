/* SPDX-License-Identifier: Apache-2.0 */
/* An event in words. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static enum print_style style_of(const char *verdict, uint64_t status)
{
	if (!strcmp(verdict, "block"))
		return PRINT_BAD;
	if (!strcmp(verdict, "warn"))
		return PRINT_WARN;
	if (!strcmp(verdict, "allow") || !strcmp(verdict, "audit"))
		return PRINT_GOOD;
	return status == 2 ? PRINT_WARN : PRINT_PLAIN;
}

void print_event(struct json_object *event)
{
	const char *verdict = json_text(event, "unmapped.holdfast.verdict");
	const char *channel = json_text(event, "unmapped.holdfast.channel");
	const char *user = json_text(event, "actor.user.name");
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(event, "time"), when);
	print_styled(PRINT_DIM, "%s  ", when);
	print_styled(style_of(verdict, json_number(event, "status_id")), "%-5s",
		verdict[0] ? verdict : "-");
	(void)printf("  %-10s  ", channel[0] ? channel : json_text(event, "metadata.event_code"));
	if (user[0])
		(void)printf("%s: ", user);
	print_clean(json_text(event, "message"));
	if (json_number(event, "count") > 1)
		print_styled(PRINT_DIM, "  (%llu times)",
			(unsigned long long)json_number(event, "count"));
	(void)putchar('\n');
}
