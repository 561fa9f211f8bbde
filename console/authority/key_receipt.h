/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority's word that it has wiped what a label's key hangs on: lines of text, signed by the key that
 * signs leases, with the certificates that lead to the tenant's root behind it (PEM), so that whoever has the
 * root certificate can check it, years later and without a console.
 *
 *	holdfast-key-receipt 1
 *	tenant 0f1e...		as the issuer's organisation has it
 *	label 0f1e2d3c...	UUID, 32 hexadecimal digits
 *	name acme/finance
 *	generation 3
 *	wrapped 9c1e...		SHA-256 of the wrapped key: what copies of the database have of it
 *	home 4b2a...		the file of slots, and
 *	slot 17			which one of it was wiped and read back
 *	made 1795600800		seconds since 1970
 *	destroyed 1795700800
 *	by root
 *	signature MEUC...	of all bytes before this line
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_KEY_RECEIPT_H
#define HOLDFAST_CONSOLE_AUTHORITY_KEY_RECEIPT_H

#include <openssl/types.h>

#include "console/ipc/key_messages.h"

#define KEY_RECEIPT_MAX CONSOLE_WORD_MAX /* bytes, NUL counted */

struct lease_signer;

struct key_receipt {
	char tenant[CONSOLE_NAME_SIZE];
	uint8_t label[CONSOLE_UID_SIZE];
	char name[CONSOLE_KEY_NAME_SIZE];
	uint32_t generation;
	uint8_t wrapped[CONSOLE_HASH_SIZE];
	uint8_t home[CONSOLE_UID_SIZE];
	uint32_t slot;
	uint64_t made_s, destroyed_s;
	char by[CONSOLE_NAME_SIZE];
};

/* Of what was just destroyed. Bytes; -EINVAL, -EMSGSIZE, -EIO. */
int key_receipt_write(const struct console_destroy *destroyed, const char *tenant, uint64_t now_s,
	const struct lease_signer *signer, char ret_text[KEY_RECEIPT_MAX]);
/*
 * Reads and proves it by the root certificate. -EBADMSG: none, byte for byte; -EKEYREJECTED: not signed by
 * an authority of that root, or with a certificate that was not valid when the key was destroyed.
 */
int key_receipt_verify(
	const char *text, size_t size, X509_STORE *anchors, struct key_receipt *ret_receipt);

#endif
