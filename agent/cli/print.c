/* SPDX-License-Identifier: Apache-2.0 */
/* Words and colours. */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "common/clock.h"
#include "common/text.h"

static bool has_colour(void)
{
	static int known = -1;
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (known < 0)
		known = isatty(STDOUT_FILENO) && !(no && no[0]) &&
			!(terminal && !strcmp(terminal, "dumb"));
	return known;
}

void print_styled(enum print_style style, const char *format, ...)
{
	static const char *const codes[] = {
		[PRINT_PLAIN] = "",
		[PRINT_BOLD] = "\033[1m",
		[PRINT_GOOD] = "\033[32m",
		[PRINT_WARN] = "\033[33m",
		[PRINT_BAD] = "\033[31m",
		[PRINT_DIM] = "\033[2m",
	};
	va_list arguments;

	if (has_colour())
		(void)fputs(codes[style], stdout);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	if (has_colour() && style != PRINT_PLAIN)
		(void)fputs("\033[0m", stdout);
}

void print_clean(const char *text)
{
	static char clean[LOCAL_LINE_MAX];

	(void)text_clean(clean, sizeof(clean), text); /* cut: longer than any line of the agent */
	(void)fputs(clean, stdout);
}

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
