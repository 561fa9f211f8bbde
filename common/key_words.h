/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the keys of labels come from the console to a device: the device's question, signed by its key,
 * and the console's grant, which only that question's ephemeral key opens, signed by the key that
 * common/lease.h has for the console's words. Bytes in one form; pure but for libcrypto. The questions
 * come from outside, the grants too: read by the two parse functions only.
 *
 *	question  "HFKEYRQ1", device, boot, u64 milliseconds of CLOCK_BOOTTIME, nonce, ephemeral X25519
 *		  key, u8 whether the user has verified, u16 count, as many label ids;
 *		  u16 size, as much signature (ECDSA P-256 of all before, DER)
 *	grant	  "HFKEYGR1", SHA-256 of the question, u32 seconds, HPKE's enc, u16 size, as much that is
 *		  sealed; u16 size, certificate of who signs; u16 size, its issuer's (DER);
 *		  u16 size, as much signature of all before
 *	sealed	  u16 count, as many: label id, u32 generation, u8 whether it is the newest, key
 */
#ifndef HOLDFAST_COMMON_KEY_WORDS_H
#define HOLDFAST_COMMON_KEY_WORDS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/hpke.h"

#define KEY_WORDS_ID_SIZE   16 /* of a device, a boot, a label, a nonce */
#define KEY_WORDS_HASH_SIZE 32
#define LABEL_KEY_SIZE	    32
#define KEY_LABELS_MAX	    4 /* of one question */
#define KEY_GENERATIONS_MAX 8 /* of one label that are readable at a time */
#define KEY_GRANT_KEYS_MAX  (KEY_LABELS_MAX * KEY_GENERATIONS_MAX)
#define KEY_SECONDS_MAX	    (366 * 86400)
#define KEY_QUESTION_MAX    384
#define KEY_SIGNATURE_MAX   80
#define KEY_CERTIFICATE_MAX 1200
#define KEY_GRANT_MAX	    4000 /* fits a request to keyring and a word of the console */
#define KEY_TEXT_ITEM_SIZE  (KEY_WORDS_ID_SIZE + 4 + 1 + LABEL_KEY_SIZE)
#define KEY_TEXT_MAX	    (2 + KEY_GRANT_KEYS_MAX * KEY_TEXT_ITEM_SIZE)
#define KEY_SEALED_MAX	    (KEY_TEXT_MAX + HPKE_TAG_SIZE)
#define KEY_INFO_SIZE	    (8 + KEY_WORDS_ID_SIZE + 2 * KEY_WORDS_HASH_SIZE)

struct key_question {
	uint8_t device[KEY_WORDS_ID_SIZE];
	uint8_t boot[KEY_WORDS_ID_SIZE];
	uint64_t asked_ms;
	uint8_t nonce[KEY_WORDS_ID_SIZE];
	uint8_t ephemeral[HPKE_KEY_SIZE];
	bool is_verified;
	uint16_t label_count; /* at least 1 */
	uint8_t labels[KEY_LABELS_MAX][KEY_WORDS_ID_SIZE];
};

/* What is to be signed. Bytes; -EINVAL, -EMSGSIZE. */
int key_question_write(const struct key_question *question, uint8_t ret_bytes[KEY_QUESTION_MAX]);
/* Adds the signature behind size bytes. Bytes in all; -EMSGSIZE. */
int key_question_add_signature(
	uint8_t bytes[KEY_QUESTION_MAX], size_t size, const void *signature, size_t signature_size);
/* Whether bytes are a question, but for its signature: what keyring may be asked to sign. */
int key_question_parse(const void *bytes, size_t size, struct key_question *ret_question);
/* Whether those bytes, which were parsed, are signed by that key: a P-256 one. */
bool key_question_is_signed(const void *bytes, size_t size, EVP_PKEY *key);

/* HPKE's info: to whom, with which key, and in answer to what. device_key: SHA-256 of its SubjectPublicKeyInfo. */
void key_info(const uint8_t device[KEY_WORDS_ID_SIZE],
	const uint8_t device_key[KEY_WORDS_HASH_SIZE], const uint8_t question[KEY_WORDS_HASH_SIZE],
	uint8_t ret_info[KEY_INFO_SIZE]);

struct key_grant {
	uint8_t question[KEY_WORDS_HASH_SIZE]; /* SHA-256 of it, with its signature */
	uint32_t seconds;		       /* of CLOCK_BOOTTIME since it was asked */
	uint8_t enc[HPKE_ENC_SIZE];
	uint16_t sealed_size;
	uint8_t sealed[KEY_SEALED_MAX];
};

/* Signed, with both certificates. Bytes; -EINVAL, -EMSGSIZE, -EIO. */
struct lease_signer;
int key_grant_write(const struct key_grant *grant, const struct lease_signer *signer,
	uint8_t ret_bytes[KEY_GRANT_MAX]);
/*
 * Parses and proves: that one of the anchors certified who signed it, for this. now_s: of the day. -EBADMSG:
 * no grant; -EKEYREJECTED: not the console's word.
 */
int key_grant_open(const void *bytes, size_t size, X509_STORE *anchors, int64_t now_s,
	struct key_grant *ret_grant);

struct key_item {
	uint8_t label[KEY_WORDS_ID_SIZE];
	uint32_t generation; /* from 1 on */
	bool is_newest;
	const uint8_t *key; /* LABEL_KEY_SIZE; borrowed */
};

/* One more into a text that begins with KEY_TEXT_MAX bytes of room. Its new size, 0 before; -ENOSPC. */
int key_text_add(uint8_t text[KEY_TEXT_MAX], size_t size, const struct key_item *item);
/* How many; -EBADMSG. ret_items borrow from text. */
int key_text_parse(const void *text, size_t size, struct key_item ret_items[KEY_GRANT_KEYS_MAX]);

#endif
