/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets (common/ticket.h) for applications of the account that asks: who may have one says the policy's
 * [audience], by user and by the application that the sensor verified; the signature is keyring's.
 *
 * An application is asked for twice: what sent the request may have become another program before the
 * sensor looked at it. So the first request is answered with a challenge, which the same process has
 * to send back, and by then it runs what was verified.
 */
#ifndef HOLDFAST_AGENT_ENGINE_TICKET_H
#define HOLDFAST_AGENT_ENGINE_TICKET_H

#include <poll.h>

#include "agent/engine/server.h"
#include "common/ticket.h"
#include "policy/compile.h"

#define TICKET_PENDING_MAX 64 /* that wait for keyring; one more is refused */

/* LOCAL_TICKET: one line {"ticket": ..., "expires": ...}, or {"challenge": ...}. */
void verb_ticket(struct engine *engine, struct client *client, int fd);
void verb_ticket_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer);

/* What a ticket says. Texts are borrowed. */
struct ticket_claims {
	const struct policy_audience_entry *audience;
	const char *account;
	const char *tenant;
	const char *nonce; /* "" = none */
	const char *app;   /* NULL = none was asked for */
	uint64_t now_s;
};

/*
 * ticket_claims.c: what is to be signed, with a NUL; its length. -ENOKEY when the device has no
 * certificate, -EMSGSIZE, -EIO, -ENOMEM.
 */
int ticket_input(const struct engine *engine, const struct ticket_claims *claims,
	char ret_input[TICKET_INPUT_MAX + 1]);

/* ticket_sign.c: answers client when keyring has signed; it may be gone by then. */
struct ticket_wish {
	const char *input;
	const char *audience, *account;
	uint64_t expires_s;
};
/* 0; -EBUSY, -ENOKEY when no keyring runs, negative errno. */
int ticket_sign(struct engine *engine, struct client *client, const struct ticket_wish *wish);
/* What to wait for; fd -1: nothing. */
struct pollfd ticket_sign_poll(void);
void ticket_sign_on_poll(struct engine *engine, short events);
void ticket_sign_tick(struct engine *engine);

#endif
