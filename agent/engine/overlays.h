/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [watermark]: tells each session's helper what to write over its display, knows on which it does,
 * and notices one that is gone while its session goes on.
 */
#ifndef HOLDFAST_AGENT_ENGINE_OVERLAYS_H
#define HOLDFAST_AGENT_ENGINE_OVERLAYS_H

#include <json-c/json_object.h>

#include "agent/engine/server.h"

#define OVERLAYS_LOST_MAX 16
#define OVERLAYS_BACK_NS  (20 * CLOCK_SECOND_NS) /* so long it has to come back */

/* LOCAL_MARK */
void verb_mark(struct engine *engine, struct client *client, int fd);
/* A client that had sent one is gone. */
void overlays_gone(struct engine *engine, const struct client *client);
void overlays_tick(struct engine *engine);
/* For status; NULL: the policy has no such section. Caller puts. */
struct json_object *overlays_object(const struct engine *engine);

#endif
