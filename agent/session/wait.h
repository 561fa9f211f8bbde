/* SPDX-License-Identifier: Apache-2.0 */
/* The time, how long to wait, and for which bus. Header only. */
#ifndef HOLDFAST_AGENT_SESSION_WAIT_H
#define HOLDFAST_AGENT_SESSION_WAIT_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "common/clock.h"

/* Of a clock that never goes back; never 0. */
static inline uint64_t session_now_ms(void)
{
	return clock_boot_ns() / (CLOCK_SECOND_NS / 1000);
}

/* Negative: for ever. */
static inline int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* What sd-bus waits for, on its clock. */
static inline int bus_left_ms(sd_bus *bus)
{
	uint64_t at_usec, now_usec = clock_steady_ns() / 1000;

	if (sd_bus_get_timeout(bus, &at_usec) < 0 || at_usec == UINT64_MAX)
		return -1;
	return at_usec > now_usec ? (int)((at_usec - now_usec) / 1000 + 1) : 0;
}

/* bus: NULL without one. */
static inline struct pollfd bus_pollfd(sd_bus *bus)
{
	int events = bus ? sd_bus_get_events(bus) : 0;

	return (struct pollfd){
		bus ? sd_bus_get_fd(bus) : -EBADF, (short)(events < 0 ? 0 : events), 0};
}

#endif
