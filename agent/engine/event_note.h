/* SPDX-License-Identifier: Apache-2.0 */
/* Events of what the agent itself has to say. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_NOTE_H
#define HOLDFAST_AGENT_ENGINE_EVENT_NOTE_H

#include "agent/engine/event.h"

/* Whose account, where to and where from. */
struct event_login {
	const char *account;
	uint32_t uid;
	const char *service; /* of PAM; who takes the ticket */
	const char *remote;  /* host or address; "" = here */
};

/* Members that do not apply are NULL or 0. */
struct event_note {
	enum event_kind kind;
	const char *message;
	bool is_failure;
	const char *status_code; /* short word */
	uint32_t uid;		 /* who did it */
	bool has_uid;
	bool is_for_all;  /* each desktop session shows it */
	const char *path; /* file */
	const char *name; /* policy, device or log */
	uint64_t version; /* of the policy */
	int64_t count;	  /* events-dropped; 0 = none */
	const char *comm;
	uint32_t pid;
	const struct event_login *login;
	struct json_object *details; /* borrowed: goes below unmapped.holdfast */
};

/* NULL without memory; caller puts. */
struct json_object *event_of_note(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct event_note *note);

#endif
