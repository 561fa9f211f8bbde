/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session bus: our name on it, and the notification server with whom what notices.h decided is
 * shown. Nothing here waits for an answer.
 */
#ifndef HOLDFAST_AGENT_SESSION_BUS_H
#define HOLDFAST_AGENT_SESSION_BUS_H

#include <poll.h>
#include <systemd/sd-bus.h>

#include "agent/session/notices.h"
#include "agent/session/retry.h"

#define BUS_NAME		"org.holdfast.Session" /* whoever has it is the one of this session */
#define BUS_RETRY_MAX_MS	60000
#define BUS_SERVER_RETRY_MAX_MS 600000 /* asking starts one that can be started: seldom */

enum bus_end {
	BUS_GOES_ON,
	BUS_NAME_TAKEN, /* another of us serves this session */
	BUS_GONE,	/* it was there: the session is over */
};

struct session_bus {
	sd_bus *bus; /* own; NULL without */
	struct notices *notices;
	struct notice_abilities abilities;
	bool has_name, is_refused; /* BUS_NAME */
	bool has_server, is_asking;
	struct retry bus_retry, server_retry;
	enum bus_end end;
	uint64_t now_ms; /* of this round */
	struct bus_call {
		struct session_bus *bus;
		int slot;
	} calls[NOTICES_MAX];
};

/* notices: borrowed for good. */
void bus_init(struct session_bus *bus, struct notices *notices);
/*
 * Does what there is to do: connects, reads, shows. Milliseconds until it wants to be called
 * again, or -1; bus->end is set when there is nothing more to do.
 */
int bus_tick(struct session_bus *bus, uint64_t now_ms);
struct pollfd bus_poll(const struct session_bus *bus);
void bus_done(struct session_bus *bus);

#endif
