/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of keyring, which has the keys: to give one to a file system, to take it back. */
#ifndef HOLDFAST_AGENT_VAULT_KEYS_H
#define HOLDFAST_AGENT_VAULT_KEYS_H

#include "agent/vault/record.h"

/*
 * A connection to the keyring of that runtime directory, the caller's to close. -ENOENT and
 * -ECONNREFUSED when none runs; negative errno.
 */
int keys_connect(const char *runtime_directory);
/*
 * The key of the record's label and generation, 0 = the newest, to the file system of directory_fd. 0,
 * with generation and identifier in the record; -ENOKEY: keyring has no key of that label now.
 */
int keys_add(int keyring_fd, int directory_fd, struct record *record);
/* Takes it back: 0, 1 when files that were open are still readable, -ENOKEY when it was not there. */
int keys_remove(int keyring_fd, int directory_fd, const struct record *record);
/* That the machine goes to sleep, and keyring is to have no key, or is awake. 0 or negative errno. */
int keys_sleep(int keyring_fd, bool is_asleep);

#endif
