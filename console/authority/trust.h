/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key that leases are signed with: made here, certified by the issuing key, made anew each day,
 * and nowhere but in this process's memory. What is said with it, the store has decided.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_TRUST_H
#define HOLDFAST_CONSOLE_AUTHORITY_TRUST_H

#include "console/authority/ca.h"
#include "console/ipc/messages.h"

struct trust {
	struct ca_pair pair;
	time_t made;
	char *tenant; /* own, OPENSSL_free() */
};

/* Makes the key, another one when it is a day old. 0; -ESTALE: the issuer has expired; -EIO. */
int trust_refresh(struct trust *trust, const struct ca_pair *issuing, time_t now);
/* Refusal INTERNAL when it can't be said. */
void trust_say(struct trust *trust, const struct ca_pair *issuing, const struct console_wish *wish,
	time_t now, struct console_word *ret_word);
void trust_done(struct trust *trust);

#endif
