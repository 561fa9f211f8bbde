/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device asks a beacon, in one datagram, and how it answers: a signature over the device's
 * number and the zone's name, so that no answer serves twice, nor for another zone. The question is
 * never smaller than the answer. Pure but for libcrypto.
 */
#ifndef HOLDFAST_COMMON_BEACON_H
#define HOLDFAST_COMMON_BEACON_H

#include "common/signing.h"

#define BEACON_NONCE	     32
#define BEACON_ZONE_MAX	     32 /* bytes of a zone's name */
#define BEACON_QUESTION_SIZE 128
#define BEACON_ANSWER_SIZE   (8 + BEACON_NONCE + SIGNING_SIGNATURE)

struct beacon_question {
	uint8_t nonce[BEACON_NONCE];
	char zone[BEACON_ZONE_MAX + 1];
};

struct beacon_answer {
	uint8_t nonce[BEACON_NONCE];
	uint8_t signature[SIGNING_SIGNATURE];
};

void beacon_question_put(
	const struct beacon_question *question, uint8_t ret_bytes[BEACON_QUESTION_SIZE]);
/* -EBADMSG: anything but what the above writes. */
int beacon_question_get(const void *bytes, size_t size, struct beacon_question *ret_question);

/* 0 or -EIO. */
int beacon_answer_make(const struct signing_key *key, const struct beacon_question *question,
	uint8_t ret_bytes[BEACON_ANSWER_SIZE]);
/* -EBADMSG: of another form. Whether it is true, beacon_answer_is_good() says. */
int beacon_answer_get(const void *bytes, size_t size, struct beacon_answer *ret_answer);
bool beacon_answer_is_good(const struct signing_key *key, const struct beacon_question *question,
	const struct beacon_answer *answer);

#endif
