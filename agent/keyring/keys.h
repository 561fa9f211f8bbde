/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of labels that are here, in secret memory: asked for by a question that this process makes and
 * signs, granted by an answer that it proves and opens, dropped when their time is over, when somebody who
 * may says so, and with the process. Nothing of them goes out; verbs of this process use them in place.
 */
#ifndef HOLDFAST_AGENT_KEYRING_KEYS_H
#define HOLDFAST_AGENT_KEYRING_KEYS_H

#include <openssl/types.h>

#include "agent/ipc/keyring.h"
#include "agent/keyring/device_key.h"
#include "agent/keyring/secret_memory.h"
#include "common/key_words.h"

#define KEYS_MAX (KEYRING_LABELS_MAX * KEY_GENERATIONS_MAX) /* of all labels */

struct keys;

/* Before the filter of system calls. 0 or negative errno. The caller frees. */
int keys_new(enum secret_wish wish, struct keys **ret_keys);
/* Wipes. Accepts NULL. */
void keys_free(struct keys *keys);
CLEANUP_DEFINE(struct keys, keys_free)

/* Called with each label whose keys are dropped, before they are; NULL: those of all labels are. */
void keys_on_drop(
	struct keys *keys, void (*drop)(const uint8_t *label, void *userdata), void *userdata);

/*
 * The key of the label's generation, 0 = the newest: in place, for the verb that asks, and not beyond. NULL:
 * it is not here; the label is asked for then.
 */
const uint8_t *keys_find(struct keys *keys, const uint8_t label[KEY_WORDS_ID_SIZE],
	uint32_t generation, uint32_t *ret_generation);

/* The newest pen of that user (common/mark_id.h), which the caller wipes. -ENOKEY: it is not here. */
struct watermark_pen;
int keys_pen(
	struct keys *keys, uint32_t uid, struct watermark_pen *ret_pen, uint32_t *ret_generation);

/* Labels that the policy needs: all of them, each time. What is not among them any more is dropped. */
void keys_want(struct keys *keys, const struct keyring_want *want);

/*
 * A new question for labels that are wanted and not here, or whose time is half over. Bytes; -ENODATA: there
 * are none now; -ENOKEY without a device key, -EIO.
 */
int keys_ask(struct keys *keys, struct device_key *device, const uint8_t uid[KEY_WORDS_ID_SIZE],
	uint8_t ret_bytes[KEY_QUESTION_MAX]);
/* Whether keys_ask() would make one. */
bool keys_need(const struct keys *keys);
/*
 * The console's answer to the last question. How many keys came; -EBADMSG: no grant; -EKEYREJECTED: not
 * the console's word; -ESTALE: to another question; -ETIME: over before it came.
 */
int keys_grant(struct keys *keys, const void *bytes, size_t size, X509_STORE *anchors);
/* The console refused the last question: its code, as events and people are told. */
void keys_refused(struct keys *keys, const char *code);

/* label NULL: all. */
void keys_drop(struct keys *keys, const uint8_t *label, enum keyring_drop reason);
/* None is granted or asked for until it is opened again, and all are dropped now. */
void keys_shut(struct keys *keys, enum keyring_drop reason);
void keys_open(struct keys *keys);
/* Likewise while the machine sleeps, whatever opens them meanwhile. */
void keys_sleep(struct keys *keys, bool is_asleep);
/* Drops what is over. Milliseconds until it is to be called again at the latest. */
int keys_tick(struct keys *keys);

void keys_state(const struct keys *keys, struct keyring_keys *ret_state);

#endif
