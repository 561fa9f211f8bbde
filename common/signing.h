/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 keys in PEM files, and text that is signed: lines of "name value", the last of which is
 * the signature of all bytes before it, in base64. One form and no other: what would be written is
 * what is read. Pure but for libcrypto.
 */
#ifndef HOLDFAST_COMMON_SIGNING_H
#define HOLDFAST_COMMON_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define SIGNING_KEY_MAX	       8192 /* bytes of a key file: others may stand in it too */
#define SIGNING_SIGNATURE      64   /* bytes */
#define SIGNING_RAW	       32   /* bytes of a public key */
#define SIGNING_LINE_MAX       512  /* bytes of one value, NUL counted */
#define SIGNING_SIGNATURE_LINE 100  /* bytes that signing_append() adds, NUL counted */
#define SIGNING_KEY_ID	       16

struct signing_key;

/*
 * The first such key of a PEM file's bytes; passphrase: of a private key, NULL = none. -EBADMSG: no
 * Ed25519 key; -EACCES: it needs a passphrase, or another one. signing_key_free() it.
 */
int signing_key_read(const void *pem, size_t size, bool is_private, const char *passphrase,
	struct signing_key **ret_key);
void signing_key_free(struct signing_key *key);
CLEANUP_DEFINE(struct signing_key, signing_key_free)
/* A new pair as PEM, each NUL-terminated; the private one under the passphrase, NULL = in the open. */
int signing_key_make(const char *passphrase, char ret_private[SIGNING_KEY_MAX],
	char ret_public[SIGNING_KEY_MAX]);
/* Its public half, and a key to verify with made of one. 0, -EIO, -EBADMSG. */
int signing_key_raw(const struct signing_key *key, uint8_t ret_public[SIGNING_RAW]);
int signing_key_of_raw(const uint8_t public[SIGNING_RAW], struct signing_key **ret_key);
/* The first bytes of SHA-256 of the public key. 0 or -EIO. */
int signing_key_id(const struct signing_key *key, uint8_t ret_id[SIGNING_KEY_ID]);

/* Where reading stands in bytes that need not end with a NUL. */
struct signing_reader {
	const char *at;
	size_t left;
};

/* The value of the next line, which must begin with name and a space, and be not empty. -EBADMSG. */
int signing_line(struct signing_reader *reader, const char *name, char *ret_value, size_t size);
/* A number without zeros before it, at most 12 digits. -EBADMSG. */
int signing_number(struct signing_reader *reader, const char *name, uint64_t *ret_number);
/* Of lower-case digits, as many as given. */
bool signing_is_hex(const char *text, size_t digits);
/* The line "signature ...". -EBADMSG when it is none, or not in its one form. */
int signing_signature(struct signing_reader *reader, uint8_t ret_signature[SIGNING_SIGNATURE]);

/* Whether it is that key's signature of the bytes. */
bool signing_verify(const struct signing_key *key, const void *bytes, size_t size,
	const uint8_t signature[SIGNING_SIGNATURE]);
/* Of bytes. 0 or -EIO. */
int signing_sign(const struct signing_key *key, const void *bytes, size_t size,
	uint8_t ret_signature[SIGNING_SIGNATURE]);
/* Adds the signature line to text of size bytes and room for more. Bytes in all, -EMSGSIZE, -EIO. */
int signing_append(const struct signing_key *key, char *text, size_t size, size_t room);

#endif
