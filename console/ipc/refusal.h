/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the console refuses a request: the number goes between its processes, the code to the
 * client, code and text into the log. One table; HTTP's status stands beside each.
 */
#ifndef HOLDFAST_CONSOLE_IPC_REFUSAL_H
#define HOLDFAST_CONSOLE_IPC_REFUSAL_H

#include <stdint.h>

enum console_refusal {
	REFUSAL_NONE = 0,
	REFUSAL_INTERNAL = 1,
	REFUSAL_BUSY = 2,
	REFUSAL_STORE_FULL = 3,
	/* enrolment */
	REFUSAL_TOKEN_UNKNOWN = 10,
	REFUSAL_TOKEN_EXPIRED = 11,
	REFUSAL_TOKEN_USED = 12, /* as often as it may be */
	REFUSAL_TOKEN_REVOKED = 13,
	REFUSAL_CSR = 14,	/* not a request, its signature is wrong, or its key is not P-256 */
	REFUSAL_KEY_TAKEN = 15, /* another device has this key */
	REFUSAL_CHECK_TOKEN = 18,   /* none for checking tickets came along */
	REFUSAL_TICKET_SYNTAX = 19, /* what was sent to be checked */
	REFUSAL_KEY_REUSED = 16,    /* a renewal must bring a new key */
	REFUSAL_AUTHORIZATION = 17, /* no token came along */
	/* the device */
	REFUSAL_NO_CERTIFICATE = 20,
	REFUSAL_CERTIFICATE_UNKNOWN = 21,
	REFUSAL_CERTIFICATE_REPLACED = 22, /* renewed since */
	REFUSAL_DEVICE_PENDING = 23,
	REFUSAL_DEVICE_SUSPENDED = 24,
	REFUSAL_DEVICE_REVOKED = 25,
	REFUSAL_CERTIFICATE_EXPIRED = 26,
	REFUSAL_LEASE = 27,	   /* what asks for one is no such question, or another device's */
	REFUSAL_DEVICE_UNFIT = 28, /* does not meet what its policy requires */
	/* a batch */
	REFUSAL_BATCH_FORMAT = 30,
	REFUSAL_BATCH_DEVICE = 31,    /* made by another device */
	REFUSAL_BATCH_KEY = 32,	      /* sealed to a key that is not ours */
	REFUSAL_BATCH_SIGNATURE = 33, /* the segment is not signed by the device's key */
	REFUSAL_BATCH_CHAIN = 34, /* does not continue what is stored: another copy of the device */
	REFUSAL_BATCH_GAP = 35,	  /* begins behind the next sequence: send from ack + 1 */
	REFUSAL_BATCH_SEAL = 36,  /* does not open */
	REFUSAL_BATCH_EVENT = 37, /* holds what is no event */
	/* HTTP */
	REFUSAL_ROUTE = 40,
	REFUSAL_METHOD = 41,
	REFUSAL_TOO_LARGE = 42,
	REFUSAL_RATE = 43,
	REFUSAL_LENGTH = 44, /* no Content-Length, or a Transfer-Encoding */
	REFUSAL_SYNTAX = 45, /* of the request */
	/* keys of labels */
	REFUSAL_KEY_QUESTION = 50, /* none, not this device's, or not signed by its key */
	REFUSAL_KEY_REPLAYED = 51, /* asked with before, or before a later one */
	REFUSAL_KEY_UNKNOWN = 52,  /* of none of the labels is there one */
	REFUSAL_KEY_DESTROYED = 53,
	REFUSAL_KEY_NETWORK = 54, /* not from that address */
	REFUSAL_KEY_UNVERIFIED = 55,
	REFUSAL_KEYS_SEALED =
		56, /* the tenant's root key is not to be had: its passphrase is missing */
	REFUSAL_KEYS_ELSEWHERE = 57, /* another console has them */
	REFUSAL_KEYS_FULL = 58,
	REFUSAL_RECEIPT = 60, /* of wiping: none, not this device's, or to no order of ours */
	REFUSAL_MAX
};

struct refusal_row {
	const char *code; /* "TOKEN_EXPIRED" */
	uint16_t status;  /* of HTTP */
	const char *text; /* for people */
};

/* Unknown numbers are REFUSAL_INTERNAL. Static. */
const struct refusal_row *refusal_row(uint16_t refusal);

#endif
