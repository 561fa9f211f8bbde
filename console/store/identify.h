/* SPDX-License-Identifier: Apache-2.0 */
/* Which device a certificate is of, and whether it may speak: asked at every request. */
#ifndef HOLDFAST_CONSOLE_STORE_IDENTIFY_H
#define HOLDFAST_CONSOLE_STORE_IDENTIFY_H

#include "console/store/store.h"

#define IDENTIFY_SEEN_MS 10000 /* so long a device is not written down as seen again */

struct identity {
	struct store_device device;
	struct store_certificate certificate; /* it came with */
};

/* What the refusal is for a device in that state; REFUSAL_NONE for a trusted one. */
uint16_t identify_refusal(uint8_t state);
/*
 * In a transaction. *ret_refusal: REFUSAL_NONE, CERTIFICATE_UNKNOWN (identity is empty), or with the
 * identity: CERTIFICATE_REPLACED, CERTIFICATE_EXPIRED, DEVICE_*. The device's first use of a
 * certificate ends its earlier ones. 0 or negative errno of the store.
 */
int identify(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE], const char *address,
	struct identity *ret_identity, uint16_t *ret_refusal);
/* What the frontend is told of a device; seal_key is the caller's to set. */
void identify_answer(
	const struct store_device *device, uint64_t id, struct console_device *ret_answer);

#endif
