/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the machine sleeps, or is about to: the system bus's side of it. What is done then is the watch's.
 */
#ifndef HOLDFAST_AGENT_VAULT_ASLEEP_H
#define HOLDFAST_AGENT_VAULT_ASLEEP_H

#include <poll.h>
#include <stdint.h>

#include "agent/ipc/sleep.h"

struct asleep {
	sd_bus *bus; /* NULL: no bus */
	struct sleep_watch sleep;
	bool is_asleep;
	uint64_t next_ns;   /* not connected before */
	uint64_t unseen_ns; /* since when nobody would wait for us; 0 = logind would */
};

void asleep_init(struct asleep *asleep);
/* Connects when it is time, and takes what there is. Never waits. */
void asleep_tick(struct asleep *asleep);
struct pollfd asleep_poll(const struct asleep *asleep);

#endif
