/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of a machine as systemd-logind tells them, and what a change of them ends. Pure: who
 * tells, and when it is now, is the caller's to give.
 */
#ifndef HOLDFAST_AGENT_VERIFY_SESSIONS_H
#define HOLDFAST_AGENT_VERIFY_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/verification.h"

#define SESSION_ID_SIZE	  64
#define SESSION_SEAT_SIZE 64
#define SESSIONS_MAX	  256 /* more: who has one of these too many is not followed, so nobody is */

struct session {
	char id[SESSION_ID_SIZE];
	uint32_t uid;
	char seat[SESSION_SEAT_SIZE]; /* "" = none: ssh, su, cron */
	bool is_active;		      /* in front of its seat */
	bool is_locked;
	uint64_t idle_since_us; /* CLOCK_MONOTONIC; 0 = in use */
};

struct sessions {
	struct session list[SESSIONS_MAX];
	size_t count;
};

/* Room for one more, zeroed; NULL when it is full. */
struct session *sessions_add(struct sessions *sessions);
const struct session *sessions_find(const struct sessions *sessions, const char *id);

/* Whether one of the user's is locked. */
bool sessions_is_locked(const struct sessions *sessions, uint32_t uid);
/* Since when all of the user's are idle; 0 = one is in use, or there is none. */
uint64_t sessions_idle_since(const struct sessions *sessions, uint32_t uid);

typedef void sessions_ended_function(uint32_t uid, enum verify_cause cause, void *userdata);

/* Calls ended for what came between the two: locked, another user in front of the seat, logged out. */
void sessions_compare(const struct sessions *before, const struct sessions *after,
	sessions_ended_function *ended, void *userdata);
/* Calls ended for each user whose sessions have all been idle for so long. */
void sessions_find_idle(const struct sessions *sessions, uint64_t now_us, uint64_t idle_us,
	sessions_ended_function *ended, void *userdata);

#endif
