/* SPDX-License-Identifier: Apache-2.0 */
/* Once for each user: that this computer is watched over, and where to read what that means. */
#ifndef HOLDFAST_AGENT_SESSION_WELCOME_H
#define HOLDFAST_AGENT_SESSION_WELCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/session/notices.h"

#define WELCOME_VERSION 1 /* of its words: more is collected, and everybody is told again */

struct welcome {
	int fd; /* of what remembers it, below $XDG_STATE_HOME; -EBADF: nothing is to be told */
	bool is_added;
};

/* Makes the file, before the process gives up making directories. Without one nothing is told. */
void welcome_begin(struct welcome *welcome);
/* To be shown, once the agent is there. */
void welcome_add(struct welcome *welcome, struct notices *notices, uint64_t now_ms);
/* Whether it was; then that is remembered. */
void welcome_look(struct welcome *welcome, const struct notices *notices);

#endif
