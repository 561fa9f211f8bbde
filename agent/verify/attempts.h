/* SPDX-License-Identifier: Apache-2.0 */
/* How often a user may be wrong: a few times at once, then after a pause that doubles. Pure. */
#ifndef HOLDFAST_AGENT_VERIFY_ATTEMPTS_H
#define HOLDFAST_AGENT_VERIFY_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#define ATTEMPTS_FREE	     5
#define ATTEMPTS_PAUSE_S     60
#define ATTEMPTS_PAUSE_MAX_S 3600

struct attempts {
	uint32_t failed;   /* one after the other, without a right one between */
	uint64_t until_ns; /* CLOCK_BOOTTIME: none is taken before */
};

/* Seconds until the next is taken; 0 = now. */
uint32_t attempts_wait_s(const struct attempts *attempts, uint64_t now_ns);
/* One more that was wrong. Whether that begins a pause. */
bool attempts_failed(struct attempts *attempts, uint64_t now_ns);
void attempts_clear(struct attempts *attempts);
/* What was remembered over a start of the agent or the machine: pauses begin anew, none is free. */
void attempts_restore(struct attempts *attempts, uint32_t failed, uint64_t now_ns);

#endif
