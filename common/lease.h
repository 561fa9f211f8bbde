/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust as a lease: what a device asks the console, and the console's word. Lines of text under an
 * ECDSA signature, in one form and no other: what would be written is what is read. No I/O, no
 * clock; outside bytes: read by the two parse functions only.
 *
 *	holdfast-lease-request 1
 *	device 0f1e2d3c...		UUID, 32 hexadecimal digits, as those below
 *	boot 5b6a7988...		of /proc/sys/kernel/random/boot_id
 *	asked 81234567			milliseconds of CLOCK_BOOTTIME
 *	nonce 1122...			new for each question
 *	seconds 604800			how long the word is to last
 *	seen 3				the highest serial that it knows; 0 = none
 *	signature MEUC...		by the device's key, of all bytes before this line
 *
 *	holdfast-lease 1
 *	tenant 0f1e...			as the issuer's organisation has it
 *	key 9c1e...			SHA-256 of the device's SubjectPublicKeyInfo
 *	device 0f1e...			these four as they were asked
 *	boot 5b6a...
 *	asked 81234567
 *	nonce 1122...
 *	state trusted			pending, trusted, suspended, revoked, unfit
 *	seconds 604800			0 unless trusted
 *	serial 4			goes up whenever the state changes, never down
 *	time 1795600800			of the console
 *	order 7 wipe			only while there is one: its number, which goes up, and keys, wipe
 *					or files; of a device that is not said to be trusted
 *	certificate MIIB...		of the key that signs: LEASE_EXTENDED_USAGE; DER in base64
 *	issuer MIIC...			its issuer, which the device's anchor has issued
 *	signature MEUC...		of all bytes before this line
 *
 * The word holds until `asked` and `seconds` are over, on that very boot: no clock that can be set
 * counts. An older word with a lower serial is none any more.
 */
#ifndef HOLDFAST_COMMON_LEASE_H
#define HOLDFAST_COMMON_LEASE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_ID_SIZE	  16
#define LEASE_HASH_SIZE	  32
#define LEASE_TENANT_SIZE 65 /* bytes, NUL counted, as below */
#define LEASE_REQUEST_MAX 512
#define LEASE_WORD_MAX	  4000 /* fits a message to keyring */
#define LEASE_SECONDS_MAX (366 * 86400)
#define LEASE_NUMBER_MAX  UINT64_C(999999999999) /* 12 digits; of milliseconds that is 31 years */

/* What is allowed to the trust key's certificate, critical and nothing else beside it: a UUID as an OID (X.667). */
#define LEASE_EXTENDED_USAGE "2.25.48991296097755737765731008930826545546"

/* Wire values: those of enum device_state in console/ipc/messages.h. */
enum lease_state {
	LEASE_PENDING = 1,
	LEASE_TRUSTED = 2,
	LEASE_SUSPENDED = 3,
	LEASE_REVOKED = 4,
	LEASE_UNFIT = 5, /* trusted, and does not meet what its policy requires: common/posture.h */
};

/* What the device is to destroy, each with what is above it. Wire values. */
enum lease_order {
	LEASE_ORDER_NONE = 0,
	LEASE_ORDER_KEYS = 1,  /* keys, and what it knows of vaults */
	LEASE_ORDER_WIPE = 2,  /* and lineage, spool, files of the labels whose policy says so */
	LEASE_ORDER_FILES = 3, /* and all labelled files, whatever the policy says */
};

struct lease_request {
	uint8_t device[LEASE_ID_SIZE];
	uint8_t boot[LEASE_ID_SIZE];
	uint64_t asked_ms;
	uint8_t nonce[LEASE_ID_SIZE];
	uint32_t seconds;
	uint64_t seen;
};

struct lease {
	char tenant[LEASE_TENANT_SIZE];
	struct lease_request asked; /* but for seconds and seen, which are 0 */
	uint8_t key[LEASE_HASH_SIZE];
	uint8_t state; /* enum lease_state */
	uint32_t seconds;
	uint64_t serial;
	uint64_t time_s;
	uint64_t order_number; /* 0 exactly when there is no order */
	uint8_t order;	       /* enum lease_order */
};

/* The text to be signed, with its NUL. Bytes; -EINVAL for numbers that are none. */
int lease_request_write(const struct lease_request *request, char ret_text[LEASE_REQUEST_MAX]);
/*
 * Adds the signature, DER of an ECDSA P-256 one, to text of size bytes and room for more. Bytes in
 * all; -EMSGSIZE, -EBADMSG.
 */
int lease_add_signature(
	char *text, size_t size, size_t room, const void *signature, size_t signature_size);
/* -EBADMSG: not one, byte for byte; nothing is written. The signature is lease_is_signed()'s. */
int lease_request_parse(const void *bytes, size_t size, struct lease_request *ret_request);
/* Whether the text that was parsed is signed by that key. */
bool lease_is_signed(const void *bytes, size_t size, EVP_PKEY *key);
/* SHA-256 of the SubjectPublicKeyInfo. 0 or -EIO. */
int lease_key_hash(EVP_PKEY *key, uint8_t ret_hash[LEASE_HASH_SIZE]);

/* What the console signs with. Borrowed. */
struct lease_signer {
	EVP_PKEY *key; /* P-256 */
	X509 *certificate;
	X509 *issuer;
};

/* The console's word, signed, with its NUL. Bytes; -EINVAL, -EMSGSIZE, -EIO. */
int lease_write(const struct lease *lease, const struct lease_signer *signer,
	char ret_text[LEASE_WORD_MAX]);
/* -EBADMSG: not one; nothing is written. That it is true says lease_verify(). */
int lease_parse(const void *bytes, size_t size, struct lease *ret_lease);

/* The issuer's certificate in a word, as it says: of devices, too. NULL: not one; the caller frees. Outside bytes. */
X509 *lease_issuer(const void *bytes, size_t size);

enum lease_verdict {
	LEASE_GOOD = 0,
	LEASE_NO_LEASE,		    /* not one, byte for byte */
	LEASE_OTHER_AUTHORITY,	    /* the signer's certificate does not lead to the anchor */
	LEASE_CERTIFICATE_EXPIRED,  /* or not valid yet */
	LEASE_CERTIFICATE_OF_OTHER, /* is ours, but not made for this: a device's, a server's */
	LEASE_BAD_SIGNATURE,
	LEASE_OTHER_TENANT,
	LEASE_OTHER_DEVICE,
	LEASE_OTHER_KEY,
	LEASE_OTHER_BOOT,
	LEASE_OTHER_QUESTION, /* the nonce is not the one that was asked with */
	LEASE_FROM_AHEAD,     /* asked later than now: this boot has not come so far */
	LEASE_OLDER,	      /* a later word was seen */
	LEASE_OVER,
	LEASE_OTHER_CLOCK, /* the caller's: what this machine shows as boot id or clock is not the kernel's */
	LEASE_VERDICT_MAX,
};

/* What a word is held against. */
struct lease_terms {
	X509_STORE *anchors;   /* one of which issued the issuer, or is it */
	const char *tenant;    /* NULL = any, as in those below */
	const uint8_t *device; /* LEASE_ID_SIZE */
	const uint8_t *key;    /* LEASE_HASH_SIZE */
	const uint8_t *boot;
	const uint8_t *nonce;
	uint64_t boot_ms; /* now, by CLOCK_BOOTTIME */
	int64_t now_s;	  /* of the day, for certificates; 0 = taken before, when they were good */
	uint64_t seen;
};

/* The certificates of a PEM file's bytes; others may stand in it too. NULL: none. X509_STORE_free() it. */
X509_STORE *lease_anchors(const void *pem, size_t size);
/* The same of a file that is root's, and that nobody else may write; of any other, NULL. */
X509_STORE *lease_anchors_of_root(const char *path);
/* Parses as well. *ret_lease is written for LEASE_GOOD, LEASE_OVER and LEASE_OLDER only. */
enum lease_verdict lease_verify(
	const void *bytes, size_t size, const struct lease_terms *terms, struct lease *ret_lease);
/* Whether who signed is certified to give the console's words: GOOD, or what it is not. */
enum lease_verdict lease_verify_signer(
	X509 *signer, X509 *issuer, X509_STORE *anchors, int64_t now_s);
/* A short word for events ("BAD_SIGNATURE"), and words for people. */
const char *lease_verdict_code(enum lease_verdict verdict);
const char *lease_verdict_text(enum lease_verdict verdict);
/* "trusted"; NULL for a number that is none. */
const char *lease_state_name(unsigned int state);
/* "wipe"; NULL for a number that is none, and LEASE_ORDER_NONE. */
const char *lease_order_name(unsigned int order);
/* LEASE_ORDER_NONE when it is the name of none. */
enum lease_order lease_order_of_name(const char *name);

/* When it is over, by CLOCK_BOOTTIME. */
uint64_t lease_end_ms(const struct lease *lease);

#endif
