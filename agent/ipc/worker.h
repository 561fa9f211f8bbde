/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short-lived processes that ask others for a proof: what holdfast-verify asks of holdfastd to start
 * one, and what it says to it. A request is one packet with the worker's end of a socket; the worker
 * gets one question, says lines of words meanwhile, and ends with a verdict. Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_WORKER_H
#define HOLDFAST_AGENT_IPC_WORKER_H

#include <stdint.h>

#include "common/wire.h"

#define WORKER_REQUEST_SIZE 8
#define WORKER_FRAME_MAX    4096
#define WORKER_TEXT_SIZE    1024
#define WORKER_CODE_SIZE    64
#define WORKER_UID_MIN	    1000 /* of people: no service is asked for its password */
#define WORKER_UID_NOBODY   65534

enum worker_kind {
	WORKER_PASSWORD = 1, /* as the user who is asked */
	WORKER_PAGE = 2,     /* as a user of its own */
};

struct worker_request {
	uint32_t kind;
	uint32_t uid; /* whose password */
};

enum worker_message {
	WORKER_QUESTION = 1, /* fields: string each; how many is the kind's */
	WORKER_SHOW = 20,    /* address, code: strings */
	WORKER_VERDICT = 21, /* error i32, words string */
};

void worker_request_put(
	uint8_t ret_bytes[WORKER_REQUEST_SIZE], const struct worker_request *request);
/* 0 or -EBADMSG. */
int worker_request_get(const uint8_t *bytes, size_t size, struct worker_request *ret_request);

struct worker_answer {
	uint16_t type;		      /* SHOW or VERDICT */
	int32_t error;		      /* VERDICT: 0 = proven; negative errno */
	char words[WORKER_TEXT_SIZE]; /* SHOW: the address */
	char code[WORKER_CODE_SIZE];
};

void worker_answer_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct worker_answer *answer);
/* 0; -EBADMSG, -EPROTONOSUPPORT. */
int worker_answer_decode(const void *packet, size_t size, struct worker_answer *ret_answer);

#endif
