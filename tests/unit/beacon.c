/* SPDX-License-Identifier: Apache-2.0 */
/* A beacon's answer is of its key, to that question, for that zone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/beacon.h"

static struct signing_key *make(struct signing_key **ret_public)
{
	char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];
	struct signing_key *key;
	uint8_t raw[SIGNING_RAW];

	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(signing_key_read(private_pem, strlen(private_pem), true, NULL, &key), 0);
	cr_assert_eq(signing_key_raw(key, raw), 0);
	cr_assert_eq(signing_key_of_raw(raw, ret_public), 0);
	return key;
}

static struct beacon_question question_of(const char *zone, uint8_t first)
{
	struct beacon_question question = {.nonce = {first}};

	strcpy(question.zone, zone);
	return question;
}

Test(beacon, an_answer_is_good_for_its_question_only)
{
	struct signing_key *public, *other_public, *key = make(&public),
						   *other = make(&other_public);
	const struct beacon_question asked = question_of("office", 1);
	const struct beacon_question earlier = question_of("office", 2);
	struct beacon_question elsewhere = question_of("offic", 1), seen;
	uint8_t bytes[BEACON_QUESTION_SIZE], reply[BEACON_ANSWER_SIZE];
	struct beacon_answer answer;

	beacon_question_put(&asked, bytes);
	cr_assert_eq(beacon_question_get(bytes, sizeof(bytes), &seen), 0);
	cr_expect(!memcmp(&seen, &asked, sizeof(seen)));
	cr_assert_eq(beacon_answer_make(key, &seen, reply), 0);
	cr_assert_eq(beacon_answer_get(reply, sizeof(reply), &answer), 0);
	cr_expect(beacon_answer_is_good(public, &asked, &answer));
	cr_expect_not(beacon_answer_is_good(other_public, &asked, &answer));
	cr_expect_not(beacon_answer_is_good(public, &earlier, &answer));
	cr_expect_not(beacon_answer_is_good(public, &elsewhere, &answer));
	memcpy(answer.nonce, earlier.nonce,
		sizeof(answer.nonce)); /* played back under a newer number */
	cr_expect_not(beacon_answer_is_good(public, &earlier, &answer));
	cr_assert_eq(beacon_answer_make(other, &seen, reply), 0);
	cr_assert_eq(beacon_answer_get(reply, sizeof(reply), &answer), 0);
	cr_expect_not(beacon_answer_is_good(public, &asked, &answer));
	signing_key_free(key);
	signing_key_free(other);
	signing_key_free(public);
	signing_key_free(other_public);
}

Test(beacon, questions_have_one_form)
{
	const struct beacon_question asked = question_of("a-zone-of-thirty-two-characters-", 1);
	struct beacon_question seen;
	uint8_t bytes[BEACON_QUESTION_SIZE];

	beacon_question_put(&asked, bytes); /* the longest there is */
	cr_assert_eq(beacon_question_get(bytes, sizeof(bytes), &seen), 0);
	cr_expect_eq(strlen(seen.zone), BEACON_ZONE_MAX);
	cr_expect_eq(beacon_question_get(bytes, sizeof(bytes) - 1, &seen), -EBADMSG);
	bytes[sizeof(bytes) - 1] = 1; /* what nobody reads is nothing */
	cr_expect_eq(beacon_question_get(bytes, sizeof(bytes), &seen), -EBADMSG);
	bytes[sizeof(bytes) - 1] = 0;
	bytes[0] ^= 1;
	cr_expect_eq(beacon_question_get(bytes, sizeof(bytes), &seen), -EBADMSG);
}
