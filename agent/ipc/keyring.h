/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others ask of keyring, which alone holds the device's private key and the keys of labels: one
 * request, one answer, in order, on a SOCK_SEQPACKET socket: uplink on a pair of its own, the engine and
 * root's commands on a local socket (agent/ipc/keyring_ask.h). A request on that one may carry a
 * descriptor. No key ever travels. Numbers are wire values.
 *
 * A new verb: its number here, its handler and who may say it as a row of agent/keyring/verbs.c. What it has
 * signed begins with a magic of its own, or is of a form that the handler checks, so that no
 * signature that one verb makes can be taken for another's.
 */
#ifndef HOLDFAST_AGENT_IPC_KEYRING_H
#define HOLDFAST_AGENT_IPC_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"

#define KEYRING_BYTES_MAX 4096 /* of a request or an answer */
#define KEYRING_FRAME_MAX (WIRE_HEADER_SIZE + 8 + KEYRING_BYTES_MAX)
#define KEYRING_SOCKET	  "keyring.sock" /* in holdfastd's runtime directory */

enum keyring_verb {
	KEYRING_PUBLIC =
		1, /* answers the SubjectPublicKeyInfo, DER; CURRENT is made when there is none */
	KEYRING_DIGEST = 2,  /* signs a SHA-256 digest: of a TLS handshake */
	KEYRING_SEGMENT = 3, /* signs the header of a segment of events: common/segment.h */
	KEYRING_REQUEST =
		4,	    /* signs a CertificationRequestInfo (RFC 2986), DER, of that very key */
	KEYRING_RENEW = 5,  /* makes NEXT anew and answers it as PUBLIC does */
	KEYRING_COMMIT = 6, /* NEXT becomes CURRENT; the one before is wiped */
	/*
	 * Answers enum keyring_place of CURRENT, a byte; a hash that says which TPM there is, or zeros;
	 * and what is wrong with the key, in words.
	 */
	KEYRING_STATE = 7,
	/*
	 * A device's UUID, seconds (32 bits) and the highest serial that is known (64 bits): answers a
	 * signed question of common/lease.h, by the kernel's boot and clock.
	 */
	KEYRING_LEASE_ASK = 8,
	/* The console's word to that: answers enum lease_state, a byte; -EKEYREJECTED: not taken */
	KEYRING_LEASE_TAKE = 9,
	KEYRING_LEASE_KEY = 10, /* answers SHA-256 of the SubjectPublicKeyInfo; -ENOKEY */
	KEYRING_TICKET = 12,	/* signs what common/ticket.h says that a ticket is signed of */
	/* 11: the lease; 13 to 15: tickets; 20 to 25: vaults; 26: marks */
	KEYRING_KEYS_WANT = 16,	 /* struct keyring_want: the labels whose keys the policy needs */
	KEYRING_KEYS_ASK = 17,	 /* the device's UUID; answers a question of common/key_words.h */
	KEYRING_KEYS_GRANT = 18, /* the console's answer to that; answers u16, how many keys came */
	KEYRING_KEYS_STATE = 19, /* answers struct keyring_keys: which are here; no byte of any */
	/*
	 * With a descriptor of a directory; a label's UUID, and u32, which generation of its key, 0 = the
	 * newest. Gives the key made of it to the file system. Answers u32, the generation, and what the
	 * kernel calls the key. -ENOKEY: there is no such key of a label here now.
	 */
	KEYRING_VAULT_ADD = 20,
	/* With a descriptor of a directory; what the kernel calls the key. Answers u32, as linux/fscrypt.h. */
	KEYRING_VAULT_REMOVE = 21,
	/* u8: 1, the machine goes to sleep: all keys go, and none comes until it is said that 0, it is awake. */
	KEYRING_KEYS_SLEEP = 22,
	/*
	 * A uid (32 bits), a minute since WATERMARK_MINUTE_0 (32), flags, strength and a part of the tile, from
	 * 0 on: answers those levels of a blind mark that names this user, two in a byte. -ENOKEY: the
	 * console gave no pen of that user.
	 */
	KEYRING_MARK = 26,
	KEYRING_KEYS_DROP = 28,	   /* u8, enum keyring_drop; then a label's UUID, or nothing: all */
	KEYRING_KEYS_REFUSED = 29, /* the console's code, as text */
	KEYRING_QUOTE =
		30, /* the console's challenge: answers what the TPM says: common/quote.h; -ENODEV */
	/*
	 * A receipt of common/wipe_receipt.h, yet to be signed: answers it signed. -EKEYREJECTED: the console's word
	 * ordered nothing of the kind; -EBUSY: there are keys of labels here.
	 */
	KEYRING_RECEIPT = 31,
	KEYRING_ANSWER = 32, /* none above */
	/* To uplink, unasked and without a payload: KEYS_ASK would answer now. */
	KEYRING_WAKE = 33,
};

enum keyring_which {
	KEYRING_CURRENT = 0,
	KEYRING_NEXT = 1, /* of a renewal under way */
};

enum keyring_place {
	KEYRING_NOWHERE = 0, /* there is none yet */
	KEYRING_FILE = 1,
	KEYRING_TPM = 2,
};

#define KEYRING_TROUBLE_SIZE 256
#define KEYRING_TPM_SIZE     32

/* Why keys are not here any more. */
enum keyring_drop {
	KEYRING_DROP_NONE = 0,
	KEYRING_DROP_LEASE = 1,	  /* the console's word is over, or is that it trusts no more */
	KEYRING_DROP_ORDER = 2,	  /* the console's */
	KEYRING_DROP_POLICY = 3,  /* it needs them no more */
	KEYRING_DROP_LOCK = 4,	  /* the user has to verify again */
	KEYRING_DROP_SUSPEND = 5, /* the machine goes to sleep */
	KEYRING_DROP_TIME = 6,	  /* that they were granted for */
	KEYRING_DROP_PERSON = 7,  /* root's command */
	KEYRING_DROP_MAX,
};

#define KEYRING_MARK_PARTS 5 /* of a tile: watermark/tile.h */

#define KEYRING_LABELS_MAX 64
#define KEYRING_CODE_SIZE  33 /* bytes of a refusal's code, NUL counted */
#define KEYRING_UUID_SIZE  16

struct keyring_want {
	uint8_t is_verified; /* the user has, just now: some keys are granted to none else */
	uint8_t drop;	     /* enum keyring_drop: why others are not wanted any more */
	uint16_t count;
	uint8_t labels[KEYRING_LABELS_MAX][KEYRING_UUID_SIZE];
};

struct keyring_keys {
	uint8_t place; /* enum secret_place of agent/keyring/secret_memory.h */
	uint8_t is_shut;
	uint32_t granted, refused;    /* so often since the start */
	char code[KEYRING_CODE_SIZE]; /* of the last refusal, until a grant; "" = none */
	uint16_t count;
	struct keyring_label {
		uint8_t label[KEYRING_UUID_SIZE];
		uint32_t generation; /* the newest that is here; 0 = none is */
		uint16_t generations;
		uint64_t until_ms; /* of CLOCK_BOOTTIME */
		uint8_t drop;	   /* why it is not here any more; NONE = never was, or is here */
	} labels[KEYRING_LABELS_MAX]; /* those that are wanted */
};

struct keyring_request {
	uint16_t verb;
	uint8_t which; /* enum keyring_which: PUBLIC, DIGEST, REQUEST; else 0 */
	uint16_t size;
	uint8_t bytes[KEYRING_BYTES_MAX]; /* what is to be signed */
};

struct keyring_answer {
	int32_t error; /* 0 or negative errno: -ENOKEY, -EINVAL, -EIO ... */
	uint16_t size;
	uint8_t bytes
		[KEYRING_BYTES_MAX]; /* as the verb says: a public key, an ECDSA signature, DER */
};

void keyring_request_put(struct bytes_writer *frame, void *buffer, size_t size,
	const struct keyring_request *request);
/* 0; -EBADMSG, -EPROTONOSUPPORT; -EOPNOTSUPP of a number that is no request's. */
int keyring_request_decode(const void *packet, size_t size, struct keyring_request *ret_request);
void keyring_answer_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct keyring_answer *answer);
int keyring_answer_decode(const void *packet, size_t size, struct keyring_answer *ret_answer);

/* Whether the packet is a WAKE. */
bool keyring_is_wake(const void *packet, size_t size);

/* What is in the bytes of some requests and answers. 0 or -EBADMSG; bytes put, which fit. */
int keyring_want_put(uint8_t ret_bytes[KEYRING_BYTES_MAX], const struct keyring_want *want);
int keyring_want_get(const void *bytes, size_t size, struct keyring_want *ret_want);
int keyring_keys_put(uint8_t ret_bytes[KEYRING_BYTES_MAX], const struct keyring_keys *keys);
int keyring_keys_get(const void *bytes, size_t size, struct keyring_keys *ret_keys);

#endif
