/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of anybody: to a beacon, and in a beacon's name. Nothing that is made up is believed. */
#include <assert.h>
#include <string.h>

#include "common/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct signing_key *key;
	struct beacon_question question = {.zone = "office"};
	struct beacon_answer answer;
	uint8_t raw[SIGNING_RAW] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b,
		0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
		0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51,
		0x1a}; /* RFC 8032, 7.1: nobody here has its other half */
	uint8_t again[BEACON_QUESTION_SIZE];

	if (!key)
		assert(signing_key_of_raw(raw, &key) == 0);
	if (beacon_question_get(bytes, size, &question) == 0) {
		beacon_question_put(&question, again);
		assert(size == sizeof(again) && !memcmp(again, bytes, size));
		assert(question.zone[0] && strlen(question.zone) <= BEACON_ZONE_MAX);
	}
	if (beacon_answer_get(bytes, size, &answer) == 0) {
		memcpy(question.nonce, answer.nonce, sizeof(question.nonce));
		assert(!beacon_answer_is_good(key, &question, &answer));
	}
	return 0;
}
