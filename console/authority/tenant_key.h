/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tenant's root key, under which keys of labels are wrapped: 32 random bytes, in a file that a passphrase
 * seals (scrypt, AES-256-GCM). The passphrase is asked for as a systemd credential first, which
 * systemd-creds(1) can seal to this machine's TPM, then as a file beside it, which is where it is put when
 * the key is made: the console starts by itself then, and whoever copies the whole directory has the key.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_TENANT_KEY_H
#define HOLDFAST_CONSOLE_AUTHORITY_TENANT_KEY_H

#include <stdbool.h>

#include "console/authority/key_slots.h"

#define TENANT_KEY_FILE	      "tenant.key"
#define TENANT_KEY_PASSPHRASE "tenant.pass"
#define TENANT_KEY_CREDENTIAL "holdfast-tenant-key" /* systemd.exec(5), LoadCredentialEncrypted= */
#define TENANT_PASSPHRASE_MAX 512

struct tenant_key {
	uint8_t *root; /* own, in OpenSSL's locked heap; NULL: it is not to be had */
	struct key_slots slots;
};

/* Key, passphrase and slots, in a directory that has none of them. -EEXIST. */
int tenant_key_make(int directory_fd);
/*
 * Opens it, while privileged. -ENOENT: there is none; -ENOKEY: there is no passphrase; -EACCES: it is
 * another one, or others may read a file; -EBADMSG.
 */
int tenant_key_open(int directory_fd, struct tenant_key *ret_key);
/* Wipes. */
void tenant_key_close(struct tenant_key *key);

#endif
