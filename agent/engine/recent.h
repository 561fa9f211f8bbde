/* SPDX-License-Identifier: Apache-2.0 */
/* The last events, in memory: for `why`, `justify` and a user's own `events`. */
#ifndef HOLDFAST_AGENT_ENGINE_RECENT_H
#define HOLDFAST_AGENT_ENGINE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECENT_MAX 1024 /* events */

struct recent_event {
	uint64_t sequence; /* of the log */
	uint64_t day_ms;
	bool has_record;	/* a kernel record; else the agent's own */
	bool is_for_all;	/* concerns whoever uses this computer */
	uint32_t uid, loginuid; /* LOCAL_ANY = nobody */
	uint32_t pid, tgid;
	uint8_t verdict, channel;
	uint64_t decided;
	char *json; /* own */
};

struct recent;

struct recent *recent_new(void);
void recent_free(struct recent *recent);
/* Takes ownership of event->json on success: 0; -ENOMEM never. The oldest goes. */
void recent_add(struct recent *recent, const struct recent_event *event);
/* Youngest first: index 0 is the last one; NULL past the end. Borrowed until the next add. */
const struct recent_event *recent_get(const struct recent *recent, size_t index);
/* Whether uid may see it: its own act, or root. */
bool recent_is_visible(const struct recent_event *event, uint32_t uid);

#endif
