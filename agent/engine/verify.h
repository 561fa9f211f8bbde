/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second verification on the engine's side: who has verified and what that opens. Sessions, and what
 * people show, are looked at by holdfast-verify, which tells it here; while it is gone nobody verifies,
 * and who had has no longer.
 */
#ifndef HOLDFAST_AGENT_ENGINE_VERIFY_H
#define HOLDFAST_AGENT_ENGINE_VERIFY_H

#include <json-c/json_object.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct verify;

/* 0 or -ENOMEM. Nobody has verified. */
int verify_new(struct verify **ret_verify);

/* publish.c: what the policy shuts, before its gates are sent; and, behind it, who may pass. */
void verify_before_policy(struct engine *engine);
void verify_after_policy(struct engine *engine);

/* Takes over fd, of a holdfast-verify that has just been started. */
void verify_attach(struct engine *engine, int fd);
struct pollfd verify_poll(const struct engine *engine);
void verify_on_poll(struct engine *engine, short events);
/* From the loop: asks for a holdfast-verify when one is needed, and forgets who is over. */
void verify_tick(struct engine *engine);

/* Whether some user has, and need not again yet. */
bool verify_is_anybody(const struct engine *engine);
/* Whether the policy wants the label's key only while some user has verified, and none has. */
bool verify_keeps_key(const struct engine *engine, unsigned int bit);

/* What status says to a user: each label that asks for it, and until when; to root all users. NULL: none asks. */
struct json_object *verify_object(const struct engine *engine, uint32_t uid);

#endif
