/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of a capture says of the display, and of what was shown there. No pictures. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_SCREEN_H
#define HOLDFAST_AGENT_ENGINE_EVENT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/sensor/record.h"

struct json_object;
struct policy_compiled;

/* False when the record is of no capture. */
bool event_screen(const struct record *record, struct hf_screen_shown *ret_shown);

/* "capture the screen :0 (x11-getimage)" */
void event_screen_text(const struct record *record, char *ret_text, size_t size);

/* Method, display and who showed labels there; the caller's. NULL when the record is of no capture. */
struct json_object *event_screen_object(
	const struct policy_compiled *policy, const struct record *record);

#endif
