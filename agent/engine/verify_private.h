/* SPDX-License-Identifier: Apache-2.0 */
/* Private to verify*.c. */
#ifndef HOLDFAST_AGENT_ENGINE_VERIFY_PRIVATE_H
#define HOLDFAST_AGENT_ENGINE_VERIFY_PRIVATE_H

#include "agent/engine/engine.h"
#include "agent/engine/verify_users.h"
#include "agent/ipc/verify.h"
#include "common/channel.h"

struct verify {
	struct channel channel; /* to holdfast-verify; fd -EBADF = it is not there */
	uint64_t asked_ns;	/* the supervisor for one */
	uint64_t
		missing_ns; /* since when there is none that is needed; UINT64_MAX = told; 0 = there is */
	bool is_watching;      /* sessions are followed */
	uint64_t unwatched_ns; /* since when they are not, CLOCK_BOOTTIME; 0 = told, or they are */
	char why[VERIFY_TEXT_SIZE]; /* or why not */
	struct verify_users users;
	uint32_t *excepted; /* whom the kernel part has as never verifying */
	size_t excepted_count;
};

/* verify.c: what was told of a user. 0 or negative errno. */
int verify_prove(
	struct engine *engine, uint32_t uid, enum verify_method method, uint64_t *ret_until_ns);
/* uid may be VERIFY_EVERYBODY. */
void verify_end(struct engine *engine, uint32_t uid, enum verify_cause cause);

/* verify_link.c: the policy's wishes, when one of both is new. */
void verify_send_config(struct engine *engine);
/* From the loop: tells that sessions are not followed, when that stays. */
void verify_note_unwatched(struct engine *engine);

#endif
