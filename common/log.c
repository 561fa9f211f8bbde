/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to standard error, one write each, so that several processes do not mix theirs. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"

#define LIMIT_WINDOW_NS (60 * CLOCK_SECOND_NS)

static const char *process_name = "holdfast";
static bool process_is_verbose;

void log_open(const char *name, bool is_verbose)
{
	process_name = name;
	process_is_verbose = is_verbose;
}

static void log_write(int priority, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void log_write(int priority, const char *format, va_list arguments)
{
	char line[LOG_LINE_MAX];
	int saved = errno;
	int used, more;

	used = snprintf(line, sizeof(line), "<%d>%s: ", priority, process_name);
	if (used < 0)
		return;
	errno = saved; /* for %m */
	more = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, arguments);
	if (more < 0)
		return;
	used += more;
	if (used > (int)sizeof(line) - 2)
		used = (int)sizeof(line) - 2;
	/* an outsider's bytes must not begin a line or move the cursor */
	for (int i = 0; i < used; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[used++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)used); /* nowhere left to say so */
	errno = saved;
}

#define LOG_AT(priority)                                \
	do {                                            \
		va_list arguments;                      \
		va_start(arguments, format);            \
		log_write(priority, format, arguments); \
		va_end(arguments);                      \
	} while (0)

void log_error(const char *format, ...)
{
	LOG_AT(LOG_ERR);
}

void log_warning(const char *format, ...)
{
	LOG_AT(LOG_WARNING);
}

void log_notice(const char *format, ...)
{
	LOG_AT(LOG_NOTICE);
}

void log_info(const char *format, ...)
{
	LOG_AT(LOG_INFO);
}

void log_debug(const char *format, ...)
{
	if (process_is_verbose)
		LOG_AT(LOG_DEBUG);
}

void fatal(const char *format, ...)
{
	LOG_AT(LOG_CRIT);
	_exit(EXIT_FAILURE);
}

bool log_allowed(struct log_limit *limit)
{
	uint64_t now = clock_boot_ns();

	if (now - limit->window_ns > LIMIT_WINDOW_NS) {
		limit->window_ns = now;
		limit->used = 0;
	}
	if (limit->used >= limit->burst)
		return false;
	limit->used++;
	return true;
}
