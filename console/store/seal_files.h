/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal keys' files: SERVICE_SEAL_KEY is the one in use, seal-ID.key are earlier ones, each HPKE_KEY_SIZE
 * bytes and its owner's alone. All answer 0 or negative errno: -ENOENT there is none, -EBADMSG it is no key. Who got
 * a key wipes it.
 */
#ifndef HOLDFAST_CONSOLE_STORE_SEAL_FILES_H
#define HOLDFAST_CONSOLE_STORE_SEAL_FILES_H

#include "common/hpke.h"

int seal_file_current(const char *directory, uint8_t ret_key[HPKE_KEY_SIZE]);
int seal_file_earlier(
	const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE], uint8_t ret_key[HPKE_KEY_SIZE]);
/* Calls take with each earlier one, in no order, until it answers less than 0, which is the answer. */
int seal_files_earlier(const char *directory,
	int (*take)(const uint8_t key[HPKE_KEY_SIZE], void *userdata), void *userdata);
/* The one in use, whose id that is, becomes an earlier one. After a failure it may be both. */
int seal_file_rotate(const char *directory, const uint8_t current[HPKE_KEY_ID_SIZE],
	const uint8_t next[HPKE_KEY_SIZE]);
/* That earlier one is in use again. */
int seal_file_put_back(const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE]);
/* What it held goes first, as far as the disk writes over it in place. 0 also when it is not there. */
int seal_file_remove(const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE]);

#endif
