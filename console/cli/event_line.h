/* SPDX-License-Identifier: Apache-2.0 */
/* An event as a person reads it: when, where, verdict, who, with what, did what to which file, to where, why. */
#ifndef HOLDFAST_CONSOLE_CLI_EVENT_LINE_H
#define HOLDFAST_CONSOLE_CLI_EVENT_LINE_H

#include <json-c/json_object.h>

/* "block", ...; "" = it has none. Borrowed from the event. */
const char *event_line_verdict(struct json_object *event);
/* One line on standard output. line: {id, host, event}, as the store says it. */
void event_line_print(struct json_object *line);
/* The whole event on standard output, a word a line. */
void event_line_show(struct json_object *line);

#endif
