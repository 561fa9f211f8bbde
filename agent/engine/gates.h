/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state gates of the kernel part, as far as they change between two policies: who knows of a
 * condition sets what it shuts, and it is told to the sensor at once. Nothing is decided here.
 */
#ifndef HOLDFAST_AGENT_ENGINE_GATES_H
#define HOLDFAST_AGENT_ENGINE_GATES_H

#include <stdint.h>

#include "bpf/decisions.h"

struct engine;

/* Labels that are shut when until_ns is over (CLOCK_BOOTTIME); 0 = they are shut now. */
void gates_set_lease(struct engine *engine, uint64_t labels, uint64_t until_ns);
/* Labels that only users who have verified may open. */
void gates_set_verified(struct engine *engine, uint64_t labels);
/* Labels that may not be read in the present network. */
void gates_set_out_of_zone(struct engine *engine, uint64_t labels);
/* Until when the policy's capture-apps may capture (CLOCK_BOOTTIME); 0 = not now. */
void gates_set_capture(struct engine *engine, uint64_t until_ns);
/* What the user may open that asks for verification; no labels = nothing any more. */
void gates_set_user(struct engine *engine, uint32_t uid, const struct hf_verified *verified);

#endif
