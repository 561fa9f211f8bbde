/* SPDX-License-Identifier: Apache-2.0 */
/* One form of each, byte for byte. */
#include "common/beacon.h"

#include <errno.h>
#include <string.h>

#define MAGIC_SIZE 8

static const char question_magic[MAGIC_SIZE] = {'H', 'F', 'B', 'E', 'A', 'S', 'K', '1'};
static const char answer_magic[MAGIC_SIZE] = {'H', 'F', 'B', 'E', 'A', 'N', 'S', '1'};
static const char signed_magic[] = "holdfast beacon 1"; /* its NUL counts */

_Static_assert(MAGIC_SIZE + BEACON_NONCE + 1 + BEACON_ZONE_MAX <= BEACON_QUESTION_SIZE, "fits");
_Static_assert(BEACON_QUESTION_SIZE >= BEACON_ANSWER_SIZE, "nobody is sent more than was asked");

void beacon_question_put(
	const struct beacon_question *question, uint8_t ret_bytes[BEACON_QUESTION_SIZE])
{
	size_t zone = strnlen(question->zone, BEACON_ZONE_MAX);

	memset(ret_bytes, 0, BEACON_QUESTION_SIZE);
	memcpy(ret_bytes, question_magic, MAGIC_SIZE);
	memcpy(ret_bytes + MAGIC_SIZE, question->nonce, BEACON_NONCE);
	ret_bytes[MAGIC_SIZE + BEACON_NONCE] = (uint8_t)zone;
	memcpy(ret_bytes + MAGIC_SIZE + BEACON_NONCE + 1, question->zone, zone);
}

int beacon_question_get(const void *bytes, size_t size, struct beacon_question *ret_question)
{
	struct beacon_question question = {0};
	uint8_t again[BEACON_QUESTION_SIZE];
	const uint8_t *at = bytes;
	size_t zone;

	if (size != BEACON_QUESTION_SIZE)
		return -EBADMSG;
	zone = at[MAGIC_SIZE + BEACON_NONCE];
	if (!zone || zone > BEACON_ZONE_MAX)
		return -EBADMSG;
	memcpy(question.nonce, at + MAGIC_SIZE, BEACON_NONCE);
	memcpy(question.zone, at + MAGIC_SIZE + BEACON_NONCE + 1, zone);
	beacon_question_put(&question, again);
	if (memcmp(again, bytes, sizeof(again)) != 0)
		return -EBADMSG;
	*ret_question = question;
	return 0;
}

/* What is signed: magic, number, and the name with its NUL. */
struct statement {
	uint8_t bytes[sizeof(signed_magic) + BEACON_NONCE + BEACON_ZONE_MAX + 1];
	size_t size;
};

static void statement_of(const struct beacon_question *question, struct statement *ret_statement)
{
	size_t zone = strnlen(question->zone, BEACON_ZONE_MAX);
	uint8_t *at = ret_statement->bytes;

	memset(ret_statement, 0, sizeof(*ret_statement));
	memcpy(at, signed_magic, sizeof(signed_magic));
	memcpy(at + sizeof(signed_magic), question->nonce, BEACON_NONCE);
	memcpy(at + sizeof(signed_magic) + BEACON_NONCE, question->zone, zone);
	ret_statement->size = sizeof(signed_magic) + BEACON_NONCE + zone + 1;
}

int beacon_answer_make(const struct signing_key *key, const struct beacon_question *question,
	uint8_t ret_bytes[BEACON_ANSWER_SIZE])
{
	struct statement statement;

	statement_of(question, &statement);
	memcpy(ret_bytes, answer_magic, MAGIC_SIZE);
	memcpy(ret_bytes + MAGIC_SIZE, question->nonce, BEACON_NONCE);
	return signing_sign(
		key, statement.bytes, statement.size, ret_bytes + MAGIC_SIZE + BEACON_NONCE);
}

int beacon_answer_get(const void *bytes, size_t size, struct beacon_answer *ret_answer)
{
	const uint8_t *at = bytes;

	if (size != BEACON_ANSWER_SIZE || memcmp(at, answer_magic, MAGIC_SIZE) != 0)
		return -EBADMSG;
	memcpy(ret_answer->nonce, at + MAGIC_SIZE, BEACON_NONCE);
	memcpy(ret_answer->signature, at + MAGIC_SIZE + BEACON_NONCE, SIGNING_SIGNATURE);
	return 0;
}

bool beacon_answer_is_good(const struct signing_key *key, const struct beacon_question *question,
	const struct beacon_answer *answer)
{
	struct statement statement;

	if (memcmp(question->nonce, answer->nonce, BEACON_NONCE) != 0)
		return false;
	statement_of(question, &statement);
	return signing_verify(key, statement.bytes, statement.size, answer->signature);
}
