/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an event has what OCSF 1.8.0 asks of every one, as far as that is cheap: a class that the agent
 * uses, numbers that belong together, metadata. tests/unit/console_admin.c holds the table
 * against the schema; what is in an event's objects is checked where events are made.
 */
#ifndef HOLDFAST_CONSOLE_STORE_EVENT_CLASS_H
#define HOLDFAST_CONSOLE_STORE_EVENT_CLASS_H

#include <stddef.h>

#include "console/store/event_fields.h"

#define EVENT_CLASS_VERSION "1.8.0"

struct event_class {
	uint32_t class_uid;
	uint32_t activity_last; /* from 0 to here, and 99 */
};
extern const struct event_class event_classes[];
extern const size_t event_class_count;

/* What does not fit, in words that follow "event N: "; NULL = nothing. */
const char *event_class_fault(const struct event_fields *fields);

#endif
