/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which zones this device is: what scout tells of the network against the policy in force, and what
 * is shut by that. What does not hold any more shuts at once; what newly holds opens when the network has been
 * quiet for a moment. Without scout no zone holds.
 */
#ifndef HOLDFAST_AGENT_ENGINE_ZONES_H
#define HOLDFAST_AGENT_ENGINE_ZONES_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/decisions.h"

struct engine;
struct zones;

/* -ENOMEM. Reads what names of services stood for before. */
int zones_start(struct engine *engine);

/* A new scout; takes the descriptor. */
void zones_take_scout(struct engine *engine, int fd);
/* What to poll; -1 = nothing. */
int zones_poll(const struct engine *engine, short *ret_events);
void zones_on_poll(struct engine *engine, short events);
void zones_tick(struct engine *engine);

/* Another policy is about to be published: its zones are evaluated by what is known. */
void zones_on_policy(struct engine *engine);
/* Within that: what it says of services. */
void zones_publish(struct engine *engine);

/* The services at an address now, 1 << position in the policy: of a refusal, which one it was. */
uint64_t zones_services_at(const struct engine *engine, const uint8_t address[16], uint16_t port);
/* For status: zones that hold, why the others do not, and services that are shut. NULL: the policy has none. */
struct json_object *zones_status(const struct engine *engine);

#endif
