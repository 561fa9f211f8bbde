/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this account log in: what pam_holdfast.so asks, decided from the policy's accounts
 * (common/login_book.h) and the device's trust; and the copy of the book that it reads when the engine
 * does not answer.
 */
#ifndef HOLDFAST_AGENT_ENGINE_LOGIN_H
#define HOLDFAST_AGENT_ENGINE_LOGIN_H

#include "agent/engine/server.h"
#include "common/login_book.h"

/* Renews the book and its copy when the policy is another one, or groups were not found before. */
void login_tick(struct engine *engine);

/*
 * What the policy says of an account. 0; -EAGAIN without a policy, -ENOMEM, -EBADMSG when the book is
 * too long.
 */
int login_find(struct engine *engine, const struct login_who *who, struct login_found *ret_found);

/* Why the device is not trusted, as a clause for login_say(); "" when it is. */
const char *login_trust_words(const struct engine *engine);

/* LOCAL_LOGIN: 0 = may, words for the person or none; -EACCES with words; -EAGAIN = can't say. */
void verb_login(struct engine *engine, struct client *client, int fd);

#endif
