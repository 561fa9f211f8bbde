/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's file system encryption says and does, policies of version 2 alone: fscrypt(7),
 * Documentation/filesystems/fscrypt.rst. Keys are not seen here: agent/keyring/ adds and removes them.
 */
#ifndef HOLDFAST_AGENT_VAULT_CIPHER_H
#define HOLDFAST_AGENT_VAULT_CIPHER_H

#include <stdbool.h>
#include <stdint.h>

#define CIPHER_IDENTIFIER_SIZE 16 /* of a master key: a hash of it, which tells nothing about it */

enum cipher_key {
	CIPHER_KEY_GONE = 0,
	CIPHER_KEY_THERE = 1,
	CIPHER_KEY_LEAVING = 2, /* removed, and files that were open are still readable */
};

/* Whether the file system of that directory can encrypt. 0, -EOPNOTSUPP, negative errno. */
int cipher_supported(int directory_fd);
/*
 * The key that a directory or file is encrypted with. -ENODATA: it is plain, or a policy that is none
 * of ours; -EOPNOTSUPP, negative errno.
 */
int cipher_of(int fd, uint8_t ret_identifier[CIPHER_IDENTIFIER_SIZE]);
/* From here on an empty directory, and all that is made in it, is encrypted with that key, which is there. */
int cipher_set(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE]);
/* Negative errno. */
int cipher_key(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE],
	enum cipher_key *ret_key);

/*
 * Takes the key away, whoever gave it: root may. For when keyring, whose key it is, is gone. 0, 1 when files
 * that were open are still readable, -ENOKEY when it is not there; negative errno.
 */
int cipher_take(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE]);

#endif
