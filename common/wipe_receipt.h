/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's word that it has destroyed what was ordered: lines of text, signed by the device's key, with the
 * certificates that lead from that key to the tenant's root behind it (PEM), so that whoever has the root
 * certificate can check it without a console. Of the family of console/authority/key_receipt.h. Pure; outside
 * bytes: read by the two functions that say so.
 *
 *	holdfast-wipe-receipt 1
 *	tenant 0f1e...		as in the console's word
 *	device 0f1e2d3c...	UUID, 32 hexadecimal digits, as those below
 *	key 9c1e...		SHA-256 of the device's SubjectPublicKeyInfo
 *	order 7			its number; 0 = the device's policy, when it was revoked
 *	what wipe		keys, wipe, files: enum lease_order
 *	boot 5b6a...		in which it came to an end
 *	begun 1795600800	seconds since 1970, by the device's clock
 *	ended 1795600950
 *	labels 1		whose keys are not in memory any more, and that many lines, 16 at most:
 *	label 0f1e...
 *	vaults 1		that nothing is known of any more, and that many lines, 16 at most:
 *	vault 3 0f1e... books	generation of the label's key, the label, the vault's name
 *	removed 120		labelled files
 *	overwritten 118		of these, whose content was written over before
 *	kept 5			labelled files that the policy lets be
 *	failed 1		labelled files that could not be removed
 *	elsewhere 0		marks of files on volumes that are not here
 *	lineage yes		whether what came from where was kept, and is gone
 *	undelivered 0		events that went with the spool, before the console had them
 *	failures 1		and that many lines, 6 at most:
 *	failure /srv/a: Read-only file system
 *	signature MEUC...	of all bytes before this line
 */
#ifndef HOLDFAST_COMMON_WIPE_RECEIPT_H
#define HOLDFAST_COMMON_WIPE_RECEIPT_H

#include <openssl/types.h>
#include <stdbool.h>

#include "common/lease.h"

#define WIPE_RECEIPT_TEXT \
	4000 /* bytes without certificates, NUL counted: fits a message to keyring */
#define WIPE_RECEIPT_MAX	12000 /* with them */
#define WIPE_RECEIPT_LABELS	16
#define WIPE_RECEIPT_VAULTS	16
#define WIPE_RECEIPT_FAILURES	6
#define WIPE_RECEIPT_VAULT_NAME 33
#define WIPE_RECEIPT_FAILURE	160 /* bytes, NUL counted */

struct wipe_receipt_vault {
	uint32_t generation;
	uint8_t label[LEASE_ID_SIZE];
	char name[WIPE_RECEIPT_VAULT_NAME];
};

struct wipe_receipt {
	char tenant[LEASE_TENANT_SIZE];
	uint8_t device[LEASE_ID_SIZE];
	uint8_t key[LEASE_HASH_SIZE];
	uint64_t order;
	uint8_t what; /* enum lease_order */
	uint8_t boot[LEASE_ID_SIZE];
	uint64_t begun_s, ended_s;
	uint64_t label_count; /* what is above the most that can be named is counted only */
	uint8_t labels[WIPE_RECEIPT_LABELS][LEASE_ID_SIZE];
	uint64_t vault_count; /* likewise */
	struct wipe_receipt_vault vaults[WIPE_RECEIPT_VAULTS];
	uint64_t removed, overwritten, kept, failed, elsewhere;
	bool had_lineage;
	uint64_t undelivered;
	uint64_t failure_count; /* likewise */
	char failures[WIPE_RECEIPT_FAILURES][WIPE_RECEIPT_FAILURE];
};

/* The text to be signed, with its NUL. Bytes; -EINVAL: not to be said in this form; -EMSGSIZE. */
int wipe_receipt_write(const struct wipe_receipt *receipt, char ret_text[WIPE_RECEIPT_TEXT]);
/*
 * Reads it, signed or (is_signed false) yet to be signed; what follows the signature is not looked at. *ret_size:
 * bytes up to behind the signature. 0; -EBADMSG: not one, byte for byte. That it is true says the next one.
 */
int wipe_receipt_parse(const void *bytes, size_t size, bool is_signed,
	struct wipe_receipt *ret_receipt, size_t *ret_size);
/*
 * Whose it is: the certificates behind it lead to an anchor, and the first one's key has signed. *ret_certificate
 * is that one, the caller's to free. 0; -EBADMSG: no receipt; -EKEYREJECTED: nobody's of these.
 */
int wipe_receipt_verify(const void *bytes, size_t size, X509_STORE *anchors,
	struct wipe_receipt *ret_receipt, X509 **ret_certificate);
/*
 * The first certificate behind it, the caller's to free; NULL: there is none, or something that is no text. Outside
 * bytes.
 */
X509 *wipe_receipt_certificate(const void *bytes, size_t size);
/* Whether the certificate's key is the one that the receipt names, and has signed it. Outside bytes. */
bool wipe_receipt_is_by(const void *bytes, size_t size, X509 *certificate);

#endif
