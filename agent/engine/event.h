/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as OCSF JSON objects. What is ours and has no place in the schema is below
 * unmapped.holdfast, so that `why`, the console and a search find it.
 */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_H
#define HOLDFAST_AGENT_ENGINE_EVENT_H

#include <json-c/json_object.h>

#include "agent/engine/ocsf_table.h"
#include "agent/sensor/record.h"
#include "policy/evaluate.h"

#define EVENT_TEXT_MAX 2048

/* Of this machine and boot; the same in all events. */
struct event_origin {
	char hostname[256];
	char machine_id[64];
	char boot_id[64];
};

void event_origin_read(struct event_origin *ret_origin);

struct event_numbers {
	uint64_t sequence;  /* of the log, for the life of the device */
	uint64_t delivered; /* kernel records of this boot in the log, this one counted */
};

/* Kind of a kernel record. */
enum event_kind event_kind_of(const struct record *record);

/* The whole event of a kernel record. policy may be NULL. NULL without memory; caller puts. */
struct json_object *event_of_record(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct policy_compiled *policy,
	const struct record *record);

/* What the agent itself has to say. Members that do not apply are NULL or 0. */
struct event_note {
	enum event_kind kind;
	const char *message;
	bool is_failure;
	const char *status_code; /* short word */
	uint32_t uid;		 /* who did it */
	bool has_uid;
	const char *path; /* file */
	const char *name; /* policy, device or log */
	uint64_t version; /* of the policy */
	int64_t count;	  /* events-dropped; 0 = none */
	const char *comm;
	uint32_t pid;
	struct json_object *details; /* borrowed: goes below unmapped.holdfast */
};
struct json_object *event_of_note(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct event_note *note);

/* Names of the labels of a set, as an array; caller puts. */
struct json_object *event_label_names(const struct policy_compiled *policy, uint64_t labels);

/* The plain sentence: who may not do what with which file. */
void event_sentence(const struct policy_compiled *policy, const struct record *record,
	char ret_text[EVENT_TEXT_MAX]);

/* The rule behind a record; caller puts; NULL when no rule made it. */
struct json_object *event_rule(const struct policy_compiled *policy, const struct record *record);

#endif
