/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a security key signed, looked at without a parser: WebAuthn Level 2, 6.1 and 7.2, for ES256 keys
 * and authenticator data without extensions, which has one length. Pure.
 */
#ifndef HOLDFAST_AGENT_VERIFY_ASSERTION_H
#define HOLDFAST_AGENT_VERIFY_ASSERTION_H

#include <stddef.h>
#include <stdint.h>

#define ASSERTION_DATA_SIZE 37 /* hash of the RP ID, flags, counter */
#define ASSERTION_KEY_SIZE  64 /* x and y of P-256 */
#define ASSERTION_HASH_SIZE 32
#define ASSERTION_PRESENT   0x01 /* flag: somebody touched it */
#define ASSERTION_VERIFIED  0x04 /* flag: and gave PIN or finger */

struct assertion {
	const char *origin;	  /* RP ID that it must be for */
	const uint8_t *challenge; /* ASSERTION_HASH_SIZE bytes: the client data hash itself */
	uint8_t flags;	     /* that must be set: ASSERTION_PRESENT and what it had when enrolled */
	const uint8_t *data; /* authenticator data */
	size_t data_size;
	const uint8_t *signature; /* ECDSA, DER */
	size_t signature_size;
	const uint8_t *key; /* ASSERTION_KEY_SIZE bytes */
	uint32_t counter;   /* of the last one; a key that counts must be past it */
};

/*
 * 0 with the key's counter; -EBADMSG (not such data), -EACCES (for another place, nobody was there or
 * verified, not signed by this key), -EALREADY (the counter went back: a copy of the key), -EIO.
 */
int assertion_check(const struct assertion *assertion, uint32_t *ret_counter);
/* 0 or -EBADMSG: whether it is a point of the curve. */
int assertion_key_check(const uint8_t key[ASSERTION_KEY_SIZE]);

#endif
