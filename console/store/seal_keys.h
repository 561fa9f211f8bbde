/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that devices seal to: one that new segments are sealed to (SERVICE_SEAL_KEY), and earlier ones in
 * seal-ID.key, for what devices have not brought yet. An earlier key is destroyed when no device can
 * hold anything sealed to it any more; then nobody can open it, here or from a backup of the disk.
 * What the files hold counts (seal_files.h); the database remembers when each was made and replaced (seal_list.h).
 */
#ifndef HOLDFAST_CONSOLE_STORE_SEAL_KEYS_H
#define HOLDFAST_CONSOLE_STORE_SEAL_KEYS_H

#include "console/store/ingest.h"
#include "console/store/seal_list.h"
#include "console/store/store.h"

#define SEAL_KEYS_REST (24 * 60 * 60 * 1000LL) /* ms that an earlier one is kept in any case */

/*
 * Reads them into a new ingest, and writes down what the database does not know yet, in a transaction
 * of its own. -ENOENT: there is no SERVICE_SEAL_KEY; -EBADMSG: one is no key.
 */
int seal_keys_open(const char *directory, struct store *store, struct seal_keys *ret_keys,
	struct ingest **ret_ingest);

/*
 * A new key for all segments to come; other consoles of the database get it by seal_share.h. In its own
 * transaction, with the act. -ENOSPC: there are as many as may be; -EAGAIN: another console has just made one.
 */
int seal_keys_rotate(struct seal_keys *keys, struct store *store, struct ingest *ingest,
	const char *who, int64_t now_ms);
/*
 * Destroys an earlier one. -ENOENT: there is none; -EINVAL: it is in use; -EBUSY: *ret_waiting
 * devices may hold events sealed to it, and is_forced is not set.
 */
int seal_keys_destroy(struct seal_keys *keys, struct store *store, struct ingest *ingest,
	const uint8_t id[HPKE_KEY_ID_SIZE], bool is_forced, const char *who, int64_t now_ms,
	int64_t *ret_waiting);
/*
 * Takes what other consoles of the database made meanwhile, and destroys here what they destroyed. No
 * transaction is needed. 0 or negative errno; what could be taken was taken.
 */
int seal_keys_follow(struct seal_keys *keys, struct store *store, struct ingest *ingest);
/* Devices that may hold events sealed to it. 0 or negative errno. */
int seal_keys_waiting(struct store *store, const struct seal_key *key, int64_t *ret_count);
/* Destroys those that nobody waits for, each with an act in the audit log. How many. */
unsigned int seal_keys_expire(
	struct seal_keys *keys, struct store *store, struct ingest *ingest, int64_t now_ms);

#endif
