/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as OCSF JSON objects: what all have in common. Of a kernel record: event_record.h; of the
 * agent's own: event_note.h. What is ours and has no place in the schema is below
 * unmapped.holdfast, so that `why`, the console and a search find it.
 */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_H
#define HOLDFAST_AGENT_ENGINE_EVENT_H

#include <json-c/json_object.h>

#include "agent/engine/ocsf_table.h"

#define EVENT_TEXT_MAX 2048

/* Of this machine and boot; the same in all events. */
struct event_origin {
	char hostname[256];
	char machine_id[64];
	char boot_id[64];
	uint32_t counts_id; /* of the kernel part, within the boot; 0 until the sensor said it */
};

void event_origin_read(struct event_origin *ret_origin);

struct event_numbers {
	uint64_t sequence;  /* of the log, for the life of the device */
	uint64_t delivered; /* records of this kernel part in the log, this one counted */
	uint64_t dropped;   /* and those that could not become an event */
};

/* Time, class, activity, metadata and device. NULL without memory; caller puts. */
struct json_object *event_begin(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct ocsf_row *row, uint64_t day_ms);
/* Takes over details. */
void event_add_unmapped(struct json_object *event, struct json_object *details);

#endif
