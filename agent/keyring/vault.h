/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of vaults: made of a label's key, given to the kernel for one file system, and taken back. The
 * kernel keeps a claim for each user that added a key (fscrypt_add_key in fs/crypto/keyring.c), and
 * wipes it when the last is gone. This process alone knows these keys, so its claim is the only one;
 * root could take it back (REMOVE_..._ALL_USERS), which locks, and never make one.
 */
#ifndef HOLDFAST_AGENT_KEYRING_VAULT_H
#define HOLDFAST_AGENT_KEYRING_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#define VAULT_IDENTIFIER_SIZE 16
#define VAULT_LABEL_KEY_SIZE  32
#define VAULT_MAX	      64 /* file systems and keys held at a time */

struct vault_label_key {
	uint8_t label[16]; /* its uuid */
	uint32_t generation;
	const uint8_t *bytes; /* VAULT_LABEL_KEY_SIZE; borrowed, and read where they are */
};

struct vault_claim {
	int fd; /* a directory of the file system; own */
	uint8_t identifier[VAULT_IDENTIFIER_SIZE];
	uint8_t label[16];
};

struct vault_claims {
	struct vault_claim items[VAULT_MAX];
	unsigned int count;
};

/*
 * Makes the key and gives it to the file system of directory_fd, which stays the caller's. Again is
 * no error. 0; -ENOSPC past VAULT_MAX; -EOPNOTSUPP: it can't encrypt; negative errno.
 */
int vault_claim(struct vault_claims *claims, int directory_fd, const struct vault_label_key *key,
	uint8_t ret_identifier[VAULT_IDENTIFIER_SIZE]);
/*
 * Takes it back, also one that an earlier process of this user gave. *ret_flags is the kernel's
 * FSCRYPT_KEY_REMOVAL_STATUS_FLAG_*. 0, -ENOKEY: it is not there; negative errno.
 */
int vault_withdraw(struct vault_claims *claims, int directory_fd,
	const uint8_t identifier[VAULT_IDENTIFIER_SIZE], uint32_t *ret_flags);
/*
 * The label's key is gone, or with NULL all are: so are those of its vaults. What was held by a process
 * is tried again by each further call.
 */
void vault_withdraw_label(struct vault_claims *claims, const uint8_t *label);

#endif
