/* SPDX-License-Identifier: Apache-2.0 */
#include "console/authority/trust.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "common/lease.h"

#define RENEW_SECONDS 86400 /* half of CA_TRUST_DAYS */

_Static_assert(LEASE_WORD_MAX <= CONSOLE_WORD_MAX, "every word fits a message");

int trust_refresh(struct trust *trust, const struct ca_pair *issuing, time_t now)
{
	struct ca_pair pair;
	int r;

	if (trust->pair.key && now >= trust->made && now - trust->made < RENEW_SECONDS)
		return 0;
	if (!trust->tenant)
		trust->tenant = ca_organization(issuing->certificate);
	if (!trust->tenant)
		return -EIO;
	r = ca_trust_new(issuing, now, &pair);
	if (r < 0)
		return r;
	ca_pair_done(&trust->pair);
	trust->pair = pair;
	trust->made = now;
	return 0;
}

void trust_done(struct trust *trust)
{
	ca_pair_done(&trust->pair);
	OPENSSL_free(trust->tenant);
	*trust = (struct trust){0};
}

static int say(struct trust *trust, const struct ca_pair *issuing, const struct console_wish *wish,
	time_t now, uint8_t ret_text[CONSOLE_WORD_MAX])
{
	struct lease lease = {.asked.asked_ms = wish->asked_ms,
		.state = wish->state,
		.seconds = wish->seconds,
		.serial = wish->serial,
		.order_number = wish->order_number,
		.order = wish->order,
		.time_s = (uint64_t)now};
	int r;

	r = trust_refresh(trust, issuing, now);
	if (r < 0)
		return r;
	(void)snprintf(lease.tenant, sizeof(lease.tenant), "%s", trust->tenant);
	memcpy(lease.key, wish->key, sizeof(lease.key));
	memcpy(lease.asked.device, wish->device, sizeof(lease.asked.device));
	memcpy(lease.asked.boot, wish->boot, sizeof(lease.asked.boot));
	memcpy(lease.asked.nonce, wish->nonce, sizeof(lease.asked.nonce));
	return lease_write(&lease,
		&(const struct lease_signer){
			trust->pair.key, trust->pair.certificate, issuing->certificate},
		(char *)ret_text);
}

void trust_say(struct trust *trust, const struct ca_pair *issuing, const struct console_wish *wish,
	time_t now, struct console_word *ret_word)
{
	int size = say(trust, issuing, wish, now, ret_word->text);

	ret_word->id = wish->id;
	ret_word->refusal = size > 0 ? REFUSAL_NONE : REFUSAL_INTERNAL;
	ret_word->size = (uint16_t)(size > 0 ? size : 0);
}
