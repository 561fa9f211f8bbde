/* SPDX-License-Identifier: Apache-2.0 */
/* Counting and telling what the failure table has rows for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "common/clock.h"

#define EVENTS_A_MINUTE 5 /* of one reason; the counter counts all */

void failure_count(struct engine *engine, unsigned int reason, const char *what)
{
	struct failure_count *failure;

	if (reason >= FAILURE_REASON_MAX)
		return;
	failure = &engine->failures[reason];
	failure->count++;
	failure->last_day_ms = clock_day_ms();
	(void)snprintf(failure->last, sizeof(failure->last), "%s", what);
}

void failure_note(struct engine *engine, enum failure_reason reason, const char *format, ...)
{
	const struct failure_row *row = failure_row(reason);
	struct failure_count *failure = &engine->failures[reason];
	char what[ENGINE_FAILURE_TEXT], text[EVENT_TEXT_MAX];
	struct event_note note = {.kind = EVENT_FAILURE, .is_failure = true, .message = text};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	failure_count(engine, reason, what);
	if (!row->name)
		return;
	failure->limit.burst = EVENTS_A_MINUTE;
	if (!log_allowed(&failure->limit))
		return;
	log_warning("%s: %s, %s", row->name, what, failure_action_name(row->action));
	note.status_code = row->name;
	(void)snprintf(text, sizeof(text), "%s: %s", row->text, what);
	if (reason != FAILURE_LOG_WRITE)
		(void)journal_note(engine, &note); /* counted there */
}
