/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question is proven although TLS knows the device: there it is uplink that speaks, and it is
 * keyring that answers for the boot and the clock.
 */
#include "console/store/lease.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/clock.h"
#include "common/lease.h"
#include "console/store/identify.h"
#include "console/store/requirement.h"
#include "console/store/wipe.h"

_Static_assert(LEASE_PENDING == (int)DEVICE_PENDING && LEASE_REVOKED == (int)DEVICE_REVOKED &&
		       LEASE_UNFIT == (int)DEVICE_UNFIT,
	"states have the same numbers");

static bool is_by(const struct store_certificate *certificate, const void *question, size_t size)
{
	const uint8_t *at = certificate->der;
	X509 *parsed = d2i_X509(NULL, &at, certificate->size);
	bool is_good = parsed && lease_is_signed(question, size, X509_get0_pubkey(parsed));

	X509_free(parsed);
	return is_good;
}

/* Its state is told to any device; but not to whom no certificate makes one. */
static bool is_told(uint16_t refusal)
{
	return refusal == REFUSAL_NONE || refusal == REFUSAL_DEVICE_PENDING ||
	       refusal == REFUSAL_DEVICE_SUSPENDED || refusal == REFUSAL_DEVICE_REVOKED;
}

int lease_decide(struct store *store, const struct console_who *who, const void *question,
	size_t size, struct console_wish *ret_wish, uint16_t *ret_refusal)
{
	static struct identity identity; /* too large for the stack */
	char unmet[DEVICE_RECORD_TEXT];
	struct lease_request asked;
	struct store_order order;
	bool is_changed;
	uint8_t state;
	int r;

	r = identify(store, who->certificate, who->address, &identity, ret_refusal);
	if (r < 0 || !is_told(*ret_refusal))
		return r;
	*ret_refusal = REFUSAL_LEASE;
	if (lease_request_parse(question, size, &asked) < 0 ||
		memcmp(asked.device, identity.device.uid, sizeof(asked.device)) != 0 ||
		!is_by(&identity.certificate, question, size))
		return 0;
	/* It knows a later word than we do: the database was restored from a backup. */
	if (asked.seen > identity.device.word && asked.seen < LEASE_NUMBER_MAX) {
		identity.device.word = asked.seen + 1;
		r = store_device_set_word(store, identity.device.id, identity.device.word);
		if (r < 0)
			return r;
	}
	state = identity.device.state;
	if (state == DEVICE_TRUSTED) {
		r = requirement_look(store, &identity.device, unmet, &is_changed);
		if (r < 0)
			return r;
		state = unmet[0] ? DEVICE_UNFIT : DEVICE_TRUSTED;
	}
	r = wipe_order_say(store, identity.device.id, (int64_t)clock_day_ms(), &order);
	if (r < 0)
		return r;
	if (r > 0 && (state == DEVICE_TRUSTED || state == DEVICE_UNFIT))
		state = DEVICE_SUSPENDED; /* delivers, and has no use of what it is to destroy */
	*ret_wish = (struct console_wish){.id = who->id,
		.asked_ms = asked.asked_ms,
		.state = state,
		.seconds = state == DEVICE_TRUSTED ? asked.seconds : 0,
		.serial = identity.device.word,
		.order_number = r > 0 ? order.number : 0,
		.order = r > 0 ? order.what : LEASE_ORDER_NONE};
	memcpy(ret_wish->device, identity.device.uid, sizeof(ret_wish->device));
	memcpy(ret_wish->key, identity.certificate.key, sizeof(ret_wish->key));
	memcpy(ret_wish->boot, asked.boot, sizeof(ret_wish->boot));
	memcpy(ret_wish->nonce, asked.nonce, sizeof(ret_wish->nonce));
	*ret_refusal = REFUSAL_NONE;
	return 0;
}
