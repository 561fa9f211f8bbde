/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the machine goes to sleep, by suspending or hibernating: systemd-logind says so before (PrepareForSleep of
 * org.freedesktop.login1(5)), and waits for whoever holds a delay, for as long as InhibitDelayMaxSec of logind.conf(5)
 * lets it. Who writes to /sys/power/state goes past it.
 */
#ifndef HOLDFAST_AGENT_IPC_SLEEP_H
#define HOLDFAST_AGENT_IPC_SLEEP_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct sleep_watch {
	/* Whether it begins, or is over; while it begins, logind waits for sleep_let(). */
	void (*changed)(bool begins, void *userdata);
	void *userdata;
	int inhibitor_fd; /* the delay; -EBADF: none is held */
};

void sleep_init(
	struct sleep_watch *sleep, void (*changed)(bool begins, void *userdata), void *userdata);
/*
 * On that bus, which must outlive it; asks for the delay, and whether sleep has begun already. Answers come while the bus
 * is processed. 0 or negative errno.
 */
int sleep_follow(struct sleep_watch *sleep, sd_bus *bus);
/* Lets the machine sleep: what had to be done before is done, or the bus is lost. */
void sleep_let(struct sleep_watch *sleep);

#endif
