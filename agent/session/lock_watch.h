/* SPDX-License-Identifier: Apache-2.0 */
/* When the session is locked: logind's word, and that of the desktop's screen saver. */
#ifndef HOLDFAST_AGENT_SESSION_LOCK_WATCH_H
#define HOLDFAST_AGENT_SESSION_LOCK_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/session/retry.h"

#define LOCK_WATCH_RETRY_MAX_MS 60000

enum lock_bus {
	LOCK_BUS_SYSTEM,  /* logind */
	LOCK_BUS_SESSION, /* screen savers */
	LOCK_BUS_MAX,
};

struct lock_watch {
	struct lock_line {
		sd_bus *bus; /* own; NULL without */
		struct retry retry;
	} lines[LOCK_BUS_MAX];
	char *session;	/* logind's object of the own one; NULL: there is none */
	bool is_locked; /* since it was last asked */
};

/* Finds the session, by files that restrict_self() forbids. */
void lock_watch_init(struct lock_watch *watch);
/* Connects what is not. Milliseconds until it wants to be called again, or -1. */
int lock_watch_tick(struct lock_watch *watch, uint64_t now_ms);
struct pollfd lock_watch_poll(const struct lock_watch *watch, enum lock_bus bus);
/* True once for each time that the session was locked. */
bool lock_watch_read(struct lock_watch *watch, uint64_t now_ms);

#endif
