/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second verification: what engine and holdfast-verify say to each other, and what a person's command
 * asks of holdfast-verify on verify.sock (answered by common/answer.h). Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_VERIFY_H
#define HOLDFAST_AGENT_IPC_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/verification.h"
#include "common/wire.h"

#define VERIFY_LETTER	      'V'      /* to the supervisor: wanted; from it: here is its socket */
#define VERIFY_DIRECTORY      "verify" /* below the runtime directory, of holdfast-verify */
#define VERIFY_SOCKET_NAME    "verify.sock"
#define VERIFY_TEXT_SIZE      256
#define VERIFY_SECRET_SIZE    513
#define VERIFY_BLOB_MAX	      512
#define VERIFY_FRAME_MAX      4096
#define VERIFY_EVERYBODY      UINT32_MAX
#define VERIFY_CHALLENGE_SIZE 32
#define VERIFY_KEY_SIZE	      64		/* P-256: x and y */
#define VERIFY_KEY_ORIGIN     "holdfast-verify" /* what security keys know us by: the RP ID */

enum verify_message {
	/* engine to holdfast-verify */
	VERIFY_CONFIG = 1, /* struct verify_config */
	VERIFY_TAKEN = 2,  /* struct verify_taken */
	/* holdfast-verify to engine */
	VERIFY_PROVEN = 20,   /* struct verify_proof */
	VERIFY_REFUSED = 21,  /* struct verify_proof, id 0, and why */
	VERIFY_ENDED = 22,    /* uid u32 (VERIFY_EVERYBODY), cause u8 */
	VERIFY_WATCHING = 23, /* flag u8, why string: whether sessions are followed */
	VERIFY_ENROLLED = 24, /* struct verify_enrolment */
};

struct verify_config {
	uint8_t methods; /* 1 << enum verify_method: those that labels name */
	uint8_t ends;	 /* 1 << enum verify_cause, of those that can be chosen */
	uint32_t idle_s; /* 0 = idle ends nothing */
	char page_issuer[VERIFY_TEXT_SIZE];
	char page_client[VERIFY_TEXT_SIZE];
	char page_claim[VERIFY_TEXT_SIZE];
	char page_domain[VERIFY_TEXT_SIZE];
	char page_ca[VERIFY_TEXT_SIZE]; /* "" = the system's */
};

struct verify_taken {
	uint64_t id;	   /* of the proof */
	int32_t error;	   /* 0 or negative errno */
	uint64_t until_ns; /* CLOCK_BOOTTIME: the last of the labels that it opens */
};

struct verify_proof {
	uint64_t id;
	uint32_t uid;
	uint8_t method;		    /* enum verify_method */
	char why[VERIFY_TEXT_SIZE]; /* REFUSED */
};

struct verify_enrolment {
	uint32_t uid;
	uint32_t by_uid;
	uint8_t method;
	bool is_removed;
};

/* What a person's command asks; each but FORGET is about its own user. */
enum verify_verb {
	VERIFY_ASK_SHOW = 1,	     /* a line: methods that are enrolled, and what is in the way */
	VERIFY_ASK_PASSWORD = 2,     /* secret */
	VERIFY_ASK_TOTP = 3,	     /* secret: the code */
	VERIFY_ASK_KEY = 4,	     /* a line: challenge and credentials; then KEY_PROOF */
	VERIFY_ASK_KEY_PROOF = 5,    /* blobs: credential, authenticator data, signature */
	VERIFY_ASK_PAGE = 6,	     /* a line: address and code; the end when that is done */
	VERIFY_ASK_ENROL_TOTP = 7,   /* secret: the password; a line: address with the key */
	VERIFY_ASK_CONFIRM_TOTP = 8, /* secret: the first code */
	VERIFY_ASK_ENROL_KEY = 9,    /* secret: the password; a line: challenge */
	VERIFY_ASK_CONFIRM_KEY = 10, /* blobs: credential, public key, authenticator data */
	VERIFY_ASK_FORGET = 11,	     /* root: method of user uid */
	VERIFY_ASK_END = 12,	     /* no longer verified */
};

enum verify_blob_place { VERIFY_CREDENTIAL, VERIFY_DATA, VERIFY_SIGNATURE, VERIFY_BLOBS };
#define VERIFY_PUBLIC_KEY VERIFY_SIGNATURE /* of CONFIRM_KEY */

struct verify_blob {
	uint16_t size;
	uint8_t bytes[VERIFY_BLOB_MAX];
};

struct verify_request {
	uint16_t verb;
	uint8_t method; /* FORGET */
	uint32_t uid;	/* FORGET */
	char secret[VERIFY_SECRET_SIZE];
	struct verify_blob blobs[VERIFY_BLOBS];
};

void verify_put_config(struct bytes_writer *frame, const struct verify_config *config);
void verify_get_config(struct bytes_reader *payload, struct verify_config *ret_config);
void verify_put_taken(struct bytes_writer *frame, const struct verify_taken *taken);
void verify_get_taken(struct bytes_reader *payload, struct verify_taken *ret_taken);
void verify_put_proof(struct bytes_writer *frame, const struct verify_proof *proof);
void verify_get_proof(struct bytes_reader *payload, struct verify_proof *ret_proof);
void verify_put_enrolment(struct bytes_writer *frame, const struct verify_enrolment *enrolment);
void verify_get_enrolment(struct bytes_reader *payload, struct verify_enrolment *ret_enrolment);

void verify_request_put(struct bytes_writer *frame, void *buffer, size_t size,
	const struct verify_request *request);
/* 0; -EBADMSG, -EPROTONOSUPPORT, -EOPNOTSUPP. */
int verify_request_decode(const void *packet, size_t size, struct verify_request *ret_request);

#endif
