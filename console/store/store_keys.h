/* SPDX-License-Identifier: Apache-2.0 */
/* What the store keeps of keys: of labels, wrapped, to whom they go; and whom blind marks made with them name. */
#ifndef HOLDFAST_CONSOLE_STORE_STORE_KEYS_H
#define HOLDFAST_CONSOLE_STORE_STORE_KEYS_H

#include "console/store/store.h"

/* A generation of a label's key: wrapped, its slot elsewhere (console/authority/key_slots.h). */
#define STORE_KEY_NAME_SIZE 80
#define STORE_WRAPPED_SIZE  40
#define STORE_RECEIPT_SIZE  4001
struct store_key {
	uint8_t label[CONSOLE_UID_SIZE];
	uint32_t generation; /* from 1 on */
	char name[STORE_KEY_NAME_SIZE];
	uint8_t home[CONSOLE_UID_SIZE];
	uint32_t slot;
	uint8_t wrapped[STORE_WRAPPED_SIZE];	    /* zeros once it is destroyed */
	int64_t made_ms, replaced_ms, destroyed_ms; /* 0 = not */
};
/* -EEXIST. Earlier generations that are not yet are replaced from made_ms on. */
int store_key_add(struct store *store, const struct store_key *key);
/* Newest generation first; how many. label NULL: of all, by name. */
int store_keys(
	struct store *store, const uint8_t *label, struct store_key *ret_keys, unsigned int most);
/* Nothing but its name and the receipt is left. -ENOENT. */
int store_key_destroy(struct store *store, const struct store_key *key, const char *receipt);
/* "" = there is none. */
int store_key_receipt(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	uint32_t generation, char ret_text[STORE_RECEIPT_SIZE]);

/* To whom a label's keys are released. */
struct store_key_terms {
	uint8_t label[CONSOLE_UID_SIZE];
	char networks[STORE_TEXT_SIZE]; /* prefixes with spaces between; "" = from anywhere */
	bool is_for_verified;		/* to users who have just verified only */
	int64_t seconds;		/* for how long; 0 = a day */
};
int store_key_terms_set(struct store *store, const struct store_key_terms *terms);
/* All empty when nothing was set: no failure. */
int store_key_terms(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	struct store_key_terms *ret_terms);

/* A question for keys that a device asked. */
struct store_key_question {
	int64_t device;
	uint8_t hash[CONSOLE_HASH_SIZE];
	uint8_t boot[CONSOLE_UID_SIZE];
	int64_t asked_ms; /* by the device's CLOCK_BOOTTIME */
	int64_t time_ms;
};
/* Notes it and forgets the device's of before since_ms. -EEXIST: it was asked, or a later one of that boot. */
int store_key_question_add(
	struct store *store, const struct store_key_question *question, int64_t since_ms);
/* How many the device asked since then. */
int store_key_questions(struct store *store, int64_t device, int64_t since_ms, int64_t *ret_count);

/* Whom a blind mark names: the console's number of a user on a device. Kept for ever. */
struct store_mark {
	uint32_t subject; /* from 1 on */
	int64_t device;
	uint32_t uid;
	char name[64];	 /* of its events, cut; "" = none has come since */
	int64_t made_ms; /* when it was first asked for */
};
/* The number, which is made when there is none. */
int store_mark_subject(
	struct store *store, int64_t device, uint32_t uid, int64_t now_ms, uint32_t *ret_subject);
/* What such a user is called on that device: where there is a number. */
int store_mark_named(struct store *store, int64_t device, uint32_t uid, const char *name);
/* -ENOENT. */
int store_mark_owner(struct store *store, uint32_t subject, struct store_mark *ret_mark);

#endif
