/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generation of a label's key: random, wrapped (RFC 3394) under a key made of the tenant's root key and a
 * secret of its own slot. What is wrapped lies in the database, the slot here: each alone is worth nothing.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_LABEL_KEY_H
#define HOLDFAST_CONSOLE_AUTHORITY_LABEL_KEY_H

#include "console/authority/key_wrap.h"
#include "console/authority/tenant_key.h"
#include "console/ipc/key_messages.h"

/* wrapped, slot and home are set; label and generation are given. 0, -ENOSPC, -EIO. */
int label_key_make(struct tenant_key *tenant, struct console_key *key);
/*
 * The key itself, which the caller wipes. -EREMOTE: its home is another console; -ENOENT: its slot is
 * wiped; -EBADMSG: it is not that label's, or was changed.
 */
int label_key_open(const struct tenant_key *tenant, const struct console_key *key,
	uint8_t ret_key[KEY_WRAP_SIZE]);
/* Its slot is wiped, on disk. -EREMOTE, -EIO. */
int label_key_destroy(struct tenant_key *tenant, const struct console_key *key);

#endif
