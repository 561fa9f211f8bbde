/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's key pair: P-256, made here, in a file that only this process's user can read. A
 * renewal has the next one beside it until the console has certified it. (A TPM's key will stand
 * behind the same functions.)
 */
#ifndef HOLDFAST_AGENT_KEYRING_DEVICE_KEY_H
#define HOLDFAST_AGENT_KEYRING_DEVICE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "agent/ipc/keyring.h"
#include "common/cleanup.h"

struct device_key;

/*
 * Of one directory, which is held open. Removes what a crash while a key was written left. 0;
 * -EBADMSG for a file that is no key (it stays), or negative errno. Caller frees.
 */
int device_key_open(const char *directory, struct device_key **ret_key);
/* Wipes. Accepts NULL. */
void device_key_free(struct device_key *key);
CLEANUP_DEFINE(struct device_key, device_key_free)

/* Makes it, over what is there, durably. 0 or negative errno with the old one kept. */
int device_key_make(struct device_key *key, enum keyring_which which);
/* NEXT becomes CURRENT. -ENOKEY without NEXT. */
int device_key_commit(struct device_key *key);
/* SubjectPublicKeyInfo, DER. Bytes; -ENOKEY, -ENOBUFS. */
int device_key_public(
	const struct device_key *key, enum keyring_which which, void *ret_bytes, size_t size);
/* ECDSA over a SHA-256 digest, DER. Bytes; -ENOKEY, -ENOBUFS, -EIO. */
int device_key_sign(const struct device_key *key, enum keyring_which which,
	const uint8_t digest[32], void *ret_bytes, size_t size);

#endif
