/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing one secret under another, by OpenSSL: keys for a purpose (HKDF-SHA256), AES-256-GCM with a
 * random nonce for what is kept in files, AES-256 key wrap (RFC 3394) for keys in the database.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_KEY_WRAP_H
#define HOLDFAST_CONSOLE_AUTHORITY_KEY_WRAP_H

#include <stddef.h>
#include <stdint.h>

#define KEY_WRAP_SIZE	      32 /* of keys */
#define KEY_WRAPPED_SIZE      40 /* RFC 3394: 8 more */
#define KEY_SEALED_SIZE(size) (12 + (size) + 16)

/* Under which key, for what, and what else must be the same when it is opened. */
struct key_sealing {
	const uint8_t *key; /* KEY_WRAP_SIZE */
	const char *purpose;
	const void *bound;
	size_t bound_size;
};

/* Of key, salt and info. 0 or -EIO. */
int key_derive(const uint8_t *key, const void *salt, size_t salt_size, const void *info,
	size_t info_size, uint8_t ret_key[KEY_WRAP_SIZE]);
/* KEY_SEALED_SIZE(size) bytes. 0 or -EIO. */
int key_seal(
	const struct key_sealing *sealing, const void *secret, size_t size, uint8_t *ret_sealed);
/* -EBADMSG: sealed under another key, or changed. */
int key_unseal(
	const struct key_sealing *sealing, const uint8_t *sealed, size_t size, void *ret_secret);
int key_wrap(const uint8_t under[KEY_WRAP_SIZE], const uint8_t key[KEY_WRAP_SIZE],
	uint8_t ret_wrapped[KEY_WRAPPED_SIZE]);
int key_unwrap(const uint8_t under[KEY_WRAP_SIZE], const uint8_t wrapped[KEY_WRAPPED_SIZE],
	uint8_t ret_key[KEY_WRAP_SIZE]);

#endif
