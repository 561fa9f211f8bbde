/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing keys in a TPM 2.0: P-256, made in it, fixed to it and to its storage key, so that what is
 * kept of one on disk is of use to this TPM alone. The TPM holds them while they are in use; handles
 * of others are never touched.
 */
#ifndef HOLDFAST_AGENT_KEYRING_TPM_H
#define HOLDFAST_AGENT_KEYRING_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/quote.h"

#define TPM_BLOB_MAX	1024 /* bytes of a key as it is kept; about 280 */
#define TPM_PUBLIC_SIZE 91   /* SubjectPublicKeyInfo of P-256, DER */

struct tpm;
struct tpm_key;

/*
 * fd stays the caller's, and open. Failures here and below: -ENXIO, the TPM is gone or does not
 * answer; -EACCES, its owner hierarchy has a password and there is no storage key at 0x81000001;
 * -EIO, it refuses otherwise. Each is told in words by tpm_trouble(). Caller frees.
 */
int tpm_open(int fd, struct tpm **ret_tpm);
/* Its keys must be freed first. Accepts NULL. */
void tpm_free(struct tpm *tpm);
CLEANUP_DEFINE(struct tpm, tpm_free)
/* Of the last failure; "" = none. Borrowed. */
const char *tpm_trouble(const struct tpm *tpm);
/* Nothing is to be had of it any more by this descriptor. */
bool tpm_is_gone(const struct tpm *tpm);

/*
 * SHA-256 of the public part (TPM2B_PUBLIC) of its endorsement key for P-256, which its maker's
 * certificate is of: which TPM this is, for as long as its seed is not changed. As tpm_open().
 */
int tpm_endorsement(struct tpm *tpm, uint8_t ret_hash[32]);

/*
 * Registers 0 to 7 as common/quote.h has them, with data in it, signed by a key that the TPM makes of
 * its owner's seed, the same each time. Bytes; as tpm_open().
 */
int tpm_quote(struct tpm *tpm, const uint8_t data[32], uint8_t ret_bytes[QUOTE_MAX]);

/* A new one, in the TPM and ready. Caller frees. */
int tpm_key_make(struct tpm *tpm, struct tpm_key **ret_key);
/*
 * As it was kept, not in the TPM yet. -EBADMSG: is no such thing; that it is this TPM's shows when it
 * is loaded. Caller frees.
 */
int tpm_key_parse(const void *bytes, size_t size, struct tpm_key **ret_key);
/* Into a buffer of TPM_BLOB_MAX: bytes of it. */
size_t tpm_key_format(const struct tpm_key *key, uint8_t ret_bytes[TPM_BLOB_MAX]);
bool tpm_key_is_blob(const void *bytes, size_t size);
/* -EKEYREJECTED: another TPM made it, or this one was cleared since. */
int tpm_key_load(struct tpm *tpm, struct tpm_key *key);
/* Takes it out of the TPM as well. Accepts NULL, and NULL for a tpm that is gone. */
void tpm_key_free(struct tpm *tpm, struct tpm_key *key);

/* SubjectPublicKeyInfo, DER (RFC 5480). */
void tpm_key_public(const struct tpm_key *key, uint8_t ret_bytes[TPM_PUBLIC_SIZE]);
/* ECDSA over a SHA-256 digest, DER; loads the key when it must. Bytes, -ENOBUFS, or as above. */
int tpm_key_sign(struct tpm *tpm, struct tpm_key *key, const uint8_t digest[32], void *ret_bytes,
	size_t size);

#endif
