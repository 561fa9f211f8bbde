/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hours at which the policy's capture-apps may capture: the kernel part is told until when, so that
 * they end also without the agent.
 */
#ifndef HOLDFAST_AGENT_ENGINE_CAPTURE_HOURS_H
#define HOLDFAST_AGENT_ENGINE_CAPTURE_HOURS_H

#include <stdint.h>
#include <time.h>

struct engine;
struct policy_compiled;

/* Seconds from now until they end; 0 = it is not the hour, UINT32_MAX = they have none. Pure. */
uint32_t capture_hours_left(const struct policy_compiled *policy, const struct tm *now);

/* Tells the kernel part, when it is to know something else. */
void capture_hours_tick(struct engine *engine);

#endif
