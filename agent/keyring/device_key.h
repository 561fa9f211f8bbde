/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's key pair: P-256, made here; in this machine's TPM, or in a file that only this
 * process's user can read. A renewal has the next one beside it until the console has certified it.
 * Where the key is in a TPM, the file holds what only that TPM can use.
 */
#ifndef HOLDFAST_AGENT_KEYRING_DEVICE_KEY_H
#define HOLDFAST_AGENT_KEYRING_DEVICE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/ipc/keyring.h"
#include "common/cleanup.h"
#include "common/quote.h"

enum key_wish {
	KEY_WISH_AUTO = 0, /* a TPM where there is one; else a file */
	KEY_WISH_TPM,	   /* nothing else will do */
	KEY_WISH_FILE,
};

struct device_key_plan {
	const char *directory; /* is held open */
	enum key_wish wish;
	int tpm_fd; /* borrowed, for as long as the key; negative: there is no TPM */
};

struct device_key;

/*
 * Removes what a crash while a key was written left. 0, also when the key's TPM is not to be used:
 * device_key_state() says so; -EBADMSG for a file that is no key (it stays), or negative errno.
 * Caller frees.
 */
int device_key_open(const struct device_key_plan *plan, struct device_key **ret_key);
/* Wipes. Accepts NULL. */
void device_key_free(struct device_key *key);
CLEANUP_DEFINE(struct device_key, device_key_free)

/* For keys that are made from now on. */
void device_key_set_wish(struct device_key *key, enum key_wish wish);
/*
 * Makes it, over what is there, durably. 0 or negative errno with the old one kept: -ENODEV when there
 * is no TPM and one is asked for, or was used so far; those of agent/keyring/tpm.h.
 */
int device_key_make(struct device_key *key, enum keyring_which which);
/* NEXT becomes CURRENT. -ENOKEY without NEXT. */
int device_key_commit(struct device_key *key);
/* SubjectPublicKeyInfo, DER. Bytes; -ENOKEY, -ENOBUFS. */
int device_key_public(
	const struct device_key *key, enum keyring_which which, void *ret_bytes, size_t size);
/* ECDSA over a SHA-256 digest, DER. Bytes; -ENOKEY, -ENOBUFS, -EIO, those of agent/keyring/tpm.h. */
int device_key_sign(struct device_key *key, enum keyring_which which, const uint8_t digest[32],
	void *ret_bytes, size_t size);

/* Where CURRENT is, and why it can't be used, if it can't: which is tried. trouble: "" = it can. */
enum keyring_place device_key_state(struct device_key *key, char ret_trouble[KEYRING_TROUBLE_SIZE]);
/* Of the TPM that is there, if any; tpm_endorsement(). False: it can't be had. */
bool device_key_tpm(struct device_key *key, uint8_t ret_hash[32]);
/*
 * What the TPM says of its registers to a question, for this device: common/quote.h. Bytes; -ENODEV
 * without a TPM, -ENOKEY, those of agent/keyring/tpm.h.
 */
int device_key_quote(struct device_key *key, const uint8_t challenge[QUOTE_CHALLENGE_SIZE],
	uint8_t ret_bytes[QUOTE_MAX]);
/* The TPM that a key is in was there and is not any more: only a new descriptor helps. */
bool device_key_is_lost(const struct device_key *key);

#endif
