/* SPDX-License-Identifier: Apache-2.0 */
/* The seal keys as a list without the keys themselves: in memory, and as the database remembers it. */
#ifndef HOLDFAST_CONSOLE_STORE_SEAL_LIST_H
#define HOLDFAST_CONSOLE_STORE_SEAL_LIST_H

#include "common/hpke.h"
#include "console/store/store.h"

#define SEAL_KEYS_MAX 8 /* with the one in use */
#define SEAL_ID_TEXT  (2 * HPKE_KEY_ID_SIZE + 1)

struct seal_key {
	uint8_t id[HPKE_KEY_ID_SIZE];
	int64_t made_ms;     /* no two have the same; 0 = before this was written down */
	int64_t replaced_ms; /* 0 = in use */
};

struct seal_keys {
	char directory[256];		     /* of seal_files.h */
	struct seal_key keys[SEAL_KEYS_MAX]; /* by age; the last one is in use */
	unsigned int count;
};

/* Which one it is; -ENOENT. */
int seal_list_find(const struct seal_keys *keys, const uint8_t id[HPKE_KEY_ID_SIZE]);
/* By its age; there is room. */
void seal_list_add(struct seal_keys *keys, const struct seal_key *key);
/* at: below count. */
void seal_list_remove(struct seal_keys *keys, unsigned int at);
/* In the caller's transaction. */
int seal_list_write(const struct seal_keys *keys, struct store *store);
/* Empty when nothing was ever written; -EBADMSG: it is no list. */
int seal_list_read(struct store *store, struct seal_keys *ret_known);

/* Hexadecimal, in small letters; false when the text is none, or goes on. */
void seal_key_id_format(const uint8_t id[HPKE_KEY_ID_SIZE], char ret_text[SEAL_ID_TEXT]);
bool seal_key_id_parse(const char *text, uint8_t ret_id[HPKE_KEY_ID_SIZE]);

#endif
