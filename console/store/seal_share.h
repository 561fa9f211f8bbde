/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a new key to seal to gets to the other consoles of a database: sealed (HPKE) to the key before it,
 * which each of them has in a file. So the database alone opens nothing; who has it and an earlier
 * key has those that came after, until that earlier key is destroyed everywhere.
 */
#ifndef HOLDFAST_CONSOLE_STORE_SEAL_SHARE_H
#define HOLDFAST_CONSOLE_STORE_SEAL_SHARE_H

#include "common/hpke.h"
#include "console/store/store.h"

#define SEAL_SHARE_DESTROYED_MAX 64

/* Within a transaction: next is the key after that one. 0 or negative errno. */
int seal_share_put(struct store *store, const uint8_t private_key[HPKE_KEY_SIZE],
	const uint8_t next[HPKE_KEY_SIZE]);
/* The key after that one. -ENOENT: there is none; -EBADMSG: what is said of it is none. The caller wipes. */
int seal_share_next(struct store *store, const uint8_t private_key[HPKE_KEY_SIZE],
	uint8_t ret_next[HPKE_KEY_SIZE]);
/* Within a transaction: that key is to be destroyed everywhere, and what was sealed to it goes. */
int seal_share_destroy(struct store *store, const uint8_t id[HPKE_KEY_ID_SIZE]);
/* 1 when somebody said so of that key, 0, or negative errno. The last SEAL_SHARE_DESTROYED_MAX are known. */
int seal_share_is_destroyed(struct store *store, const uint8_t id[HPKE_KEY_ID_SIZE]);

#endif
