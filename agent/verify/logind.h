/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd-logind's word on sessions and sleep, org.freedesktop.login1(5) over the system bus: read
 * anew as a whole whenever something of it changes, so that nothing hangs on the order of signals.
 */
#ifndef HOLDFAST_AGENT_VERIFY_LOGIND_H
#define HOLDFAST_AGENT_VERIFY_LOGIND_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/ipc/sleep.h"
#include "agent/verify/sessions.h"

struct logind_events {
	/* uid may be UINT32_MAX: all. */
	sessions_ended_function *ended;
	/* Whether sessions are followed; why is NULL when they are. */
	void (*watching)(bool is_watching, const char *why, void *userdata);
	void *userdata;
};

struct logind {
	sd_bus *bus; /* NULL: no bus */
	struct logind_events events;
	struct sessions sessions; /* as last told, whole */
	struct sessions reading;  /* under way */
	unsigned int unanswered;  /* calls of it; 0 = none is under way */
	bool is_reading;	  /* it is, or has been given up */
	bool is_stale;		  /* something changed since it began */
	bool is_bad;		  /* it can't be finished */
	bool is_watching;
	bool is_told; /* how that is */
	struct sleep_watch sleep;
	uint64_t read_us; /* when it began last, CLOCK_MONOTONIC */
	uint64_t next_us; /* not connected before */
	unsigned int pause_s;
};

void logind_init(struct logind *logind, const struct logind_events *events);
/*
 * What is due; idle_us: read at least so often, 0 = on signals only. Milliseconds until it wants to be
 * called again, -1 = not by time.
 */
int logind_tick(struct logind *logind, uint64_t idle_us);
struct pollfd logind_poll(const struct logind *logind);

#endif
