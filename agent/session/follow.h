/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's refusals of this user as they come; connects again whenever the agent comes back. */
#ifndef HOLDFAST_AGENT_SESSION_FOLLOW_H
#define HOLDFAST_AGENT_SESSION_FOLLOW_H

#include <json-c/json_object.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/channel.h"
#include "agent/session/retry.h"

#define FOLLOW_RETRY_MAX_MS 30000

/* event: borrowed. */
typedef void follow_function(struct json_object *event, void *userdata);

struct follow {
	struct channel channel; /* fd -EBADF when there is no agent */
	const char *runtime_directory;
	uint64_t after; /* sequence of the last event seen; LOCAL_FROM_NOW before the first */
	struct retry retry;
	follow_function *function;
	void *userdata;
};

/* runtime_directory: borrowed for good. */
void follow_init(struct follow *follow, const char *runtime_directory, follow_function *function,
	void *userdata);
/* Connects when it is time. Milliseconds until it wants to be called again, or -1. */
int follow_tick(struct follow *follow, uint64_t now_ms);
struct pollfd follow_poll(const struct follow *follow);
void follow_on_poll(struct follow *follow, short events, uint64_t now_ms);

#endif
