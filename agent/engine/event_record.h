/* SPDX-License-Identifier: Apache-2.0 */
/* Events of what the kernel part recorded. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_RECORD_H
#define HOLDFAST_AGENT_ENGINE_EVENT_RECORD_H

#include "agent/engine/event.h"
#include "agent/sensor/record.h"
#include "policy/evaluate.h"

/* Kind of a kernel record. */
enum event_kind event_kind_of(const struct record *record);

/* The whole event of a kernel record. policy may be NULL. NULL without memory; caller puts. */
struct json_object *event_of_record(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct policy_compiled *policy,
	const struct record *record);

#endif
