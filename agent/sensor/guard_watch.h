/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be seen and not refused: swap space switched on (swapon(2) has no hook), the clock set
 * back by roads that pass no hook (adjtimex(2)). Looked at twice a second.
 */
#ifndef HOLDFAST_AGENT_SENSOR_GUARD_WATCH_H
#define HOLDFAST_AGENT_SENSOR_GUARD_WATCH_H

#include "common/cleanup.h"

struct guard_watch;
struct sensor;

/* NULL without memory. */
struct guard_watch *guard_watch_new(void);
/* Accepts NULL. */
void guard_watch_free(struct guard_watch *watch);
CLEANUP_DEFINE(struct guard_watch, guard_watch_free)

void guard_watch_step(struct guard_watch *watch, struct sensor *sensor);

#endif
