/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [browser]: has holdfast-browser write what the policy says of sign-in, and the sensor guard it; tells of
 * drift. Without such a section, that what was written is taken back.
 */
#ifndef HOLDFAST_AGENT_ENGINE_BROWSERS_H
#define HOLDFAST_AGENT_ENGINE_BROWSERS_H

#include <json-c/json_object.h>
#include <poll.h>

struct engine;
struct browsers;

/* -ENOMEM. */
int browsers_new(struct browsers **ret_browsers);

/* A new holdfast-browser; takes the descriptor. */
void browsers_take(struct engine *engine, int fd);
struct pollfd browsers_poll(const struct engine *engine);
void browsers_on_poll(struct engine *engine, short events);
void browsers_tick(struct engine *engine);

/* For status: each browser of the policy, its domains and how its file stands. NULL: it says nothing of them. */
struct json_object *browsers_status(const struct engine *engine);

#endif
