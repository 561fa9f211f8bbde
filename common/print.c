/* SPDX-License-Identifier: Apache-2.0 */
/* Words and colours. */
#include "common/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	static char clean[PRINT_TEXT_MAX];

	(void)text_clean(clean, sizeof(clean), text); /* cut */
	(void)fputs(clean, stdout);
}
