/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks a portal, or the desktop itself, for the screen: a monitor of the session bus. */
#ifndef HOLDFAST_AGENT_SESSION_BUS_WATCH_H
#define HOLDFAST_AGENT_SESSION_BUS_WATCH_H

#include <poll.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/session/teller.h"

struct bus_watch {
	sd_bus *monitor; /* hears calls of others, may say nothing; own */
	sd_bus *asking;	 /* whose they are; own */
};

/* 0; negative errno: no session bus, or one that lets nobody watch. */
int bus_watch_begin(struct bus_watch *watch);
struct pollfd bus_watch_poll(const struct bus_watch *watch);
/* Milliseconds until it wants to be called again, or -1. */
int bus_watch_left_ms(const struct bus_watch *watch);
/* Takes what there is, and tells it. 0; negative errno when the bus is gone. */
int bus_watch_read(struct bus_watch *watch, struct teller *teller, uint64_t now_ms);
void bus_watch_end(struct bus_watch *watch);
/* What a call asks for: enum capture_method, 0 when it is no capture. Pure. */
unsigned int bus_call_method(const char *interface, const char *member);

#endif
