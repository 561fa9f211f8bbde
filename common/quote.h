/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM signs of its registers 0 to 7 (SHA-256), to a question: bytes that keyring makes and the
 * console proves. The key is the TPM's own, restricted to what the TPM itself says; which one that is
 * for a device, the console remembers. Outside bytes: read here only. Pure.
 *
 *	u16 size of the statement	little-endian
 *	the statement			TPMS_ATTEST: TPM 2.0 library, part 2, 10.12.12
 *	the public key			SubjectPublicKeyInfo of P-256, QUOTE_PUBLIC_SIZE bytes
 *	the signature			ECDSA over SHA-256 of the statement, DER; the rest
 */
#ifndef HOLDFAST_COMMON_QUOTE_H
#define HOLDFAST_COMMON_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#define QUOTE_MAX	     512 /* bytes */
#define QUOTE_STATEMENT_MAX  256
#define QUOTE_SIGNATURE_MAX  80
#define QUOTE_PUBLIC_SIZE    91
#define QUOTE_CHALLENGE_SIZE 16
#define QUOTE_HASH_SIZE	     32
#define QUOTE_REGISTERS	     0xffu /* bits: 0 to 7 */

/* What is put into the statement: of the question, and of the device whose key is meant. 0 or -EIO. */
int quote_qualify(const uint8_t challenge[QUOTE_CHALLENGE_SIZE],
	const uint8_t device_key[QUOTE_HASH_SIZE], uint8_t ret_data[QUOTE_HASH_SIZE]);

struct quote {
	uint8_t key[QUOTE_HASH_SIZE];  /* SHA-256 of the public key */
	uint8_t data[QUOTE_HASH_SIZE]; /* as quote_qualify() has it; to be compared by the caller */
	uint8_t registers[QUOTE_HASH_SIZE]; /* SHA-256 over all of them */
};

/*
 * 0: signed by that key, and said by a TPM of these very registers. -EBADMSG: is no such thing;
 * -EKEYREJECTED: the signature is wrong; nothing is written.
 */
int quote_prove(const void *bytes, size_t size, struct quote *ret_quote);

#endif
