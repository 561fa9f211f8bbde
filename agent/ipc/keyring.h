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
	/* 8 to 11: the lease; 12 to 15: tickets; 16 to 19: keys; 20 to 27: vaults */
	KEYRING_ANSWER = 32, /* none above */
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

#endif
