/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance tokens: one that is good, and every way not to be. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/maintenance_token.h"
#include "common/cleanup.h"

#define DEVICE "0123456789abcdef0123456789abcdef"

struct pair {
	struct signing_key *private_key, *public_key;
};

static struct pair pair_make(void)
{
	char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];
	struct pair pair;

	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(
		signing_key_read(private_pem, strlen(private_pem), 1, NULL, &pair.private_key), 0);
	cr_assert_eq(
		signing_key_read(public_pem, strlen(public_pem), 0, NULL, &pair.public_key), 0);
	return pair;
}

static void pair_free(struct pair *pair)
{
	signing_key_free(pair->private_key);
	signing_key_free(pair->public_key);
}

static struct maintenance_token plain(void)
{
	return (struct maintenance_token){
		.device = DEVICE,
		.not_before_s = 1000,
		.not_after_s = 2000,
		.acts = MAINTENANCE_UPGRADE | MAINTENANCE_STOP,
		.nonce = "00112233445566778899aabbccddeeff",
	};
}

static size_t write_text(const struct pair *pair, const struct maintenance_token *token,
	char text[MAINTENANCE_TOKEN_MAX])
{
	int size = maintenance_token_write(token, pair->private_key, text);

	cr_assert_gt(size, 0);
	return (size_t)size;
}

Test(maintenance, a_signed_token_is_good)
{
	auto_call(pair_free) struct pair pair = pair_make();
	struct maintenance_token token = plain(), back;
	char text[MAINTENANCE_TOKEN_MAX];
	size_t size = write_text(&pair, &token, text);

	cr_assert_eq(maintenance_token_parse(text, size, &back), 0);
	cr_expect_str_eq(back.device, DEVICE);
	cr_expect_str_eq(back.nonce, token.nonce);
	cr_expect_eq(back.acts, token.acts);
	cr_expect_eq(back.not_after_s, 2000);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, DEVICE, 1500),
		MAINTENANCE_GOOD);
}

Test(maintenance, device_and_time_are_looked_at)
{
	auto_call(pair_free) struct pair pair = pair_make();
	struct maintenance_token token = plain(), back;
	char text[MAINTENANCE_TOKEN_MAX];
	size_t size = write_text(&pair, &token, text);

	cr_assert_eq(maintenance_token_parse(text, size, &back), 0);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, "other", 1500),
		MAINTENANCE_OTHER_DEVICE);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, DEVICE, 999),
		MAINTENANCE_TOO_EARLY);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, DEVICE, 1000),
		MAINTENANCE_GOOD);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, DEVICE, 2000),
		MAINTENANCE_TOO_LATE);
	(void)snprintf(token.device, sizeof(token.device), "any");
	size = write_text(&pair, &token, text);
	cr_assert_eq(maintenance_token_parse(text, size, &back), 0);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, "other", 1500),
		MAINTENANCE_GOOD);
}

Test(maintenance, another_key_is_not_ours)
{
	auto_call(pair_free) struct pair pair = pair_make();
	auto_call(pair_free) struct pair other = pair_make();
	struct maintenance_token token = plain(), back;
	char text[MAINTENANCE_TOKEN_MAX];
	size_t size = write_text(&other, &token, text);

	cr_assert_eq(maintenance_token_parse(text, size, &back), 0);
	cr_expect_eq(maintenance_token_verify(&back, text, pair.public_key, DEVICE, 1500),
		MAINTENANCE_BAD_SIGNATURE);
}

/* No bit of a token can be another: it is no token then, or not signed so. */
Test(maintenance, no_bit_can_be_changed)
{
	auto_call(pair_free) struct pair pair = pair_make();
	struct maintenance_token token = plain(), back;
	char text[MAINTENANCE_TOKEN_MAX], changed[MAINTENANCE_TOKEN_MAX];
	size_t size = write_text(&pair, &token, text);

	for (size_t bit = 0; bit < 8 * size; bit++) {
		memcpy(changed, text, size);
		changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
		if (maintenance_token_parse(changed, size, &back) < 0)
			continue;
		cr_expect_eq(maintenance_token_verify(
				     &back, changed, pair.public_key, back.device, 1500),
			MAINTENANCE_BAD_SIGNATURE, "bit %zu", bit);
	}
}

Test(maintenance, what_is_no_token)
{
	auto_call(pair_free) struct pair pair = pair_make();
	struct maintenance_token token = plain(), back;
	char text[MAINTENANCE_TOKEN_MAX], longer[MAINTENANCE_TOKEN_MAX + 1];
	size_t size = write_text(&pair, &token, text);

	for (size_t cut = 0; cut < size; cut++)
		cr_expect_eq(maintenance_token_parse(text, cut, &back), -EBADMSG, "%zu", cut);
	memcpy(longer, text, size);
	longer[size] = '\n';
	cr_expect_eq(maintenance_token_parse(longer, size + 1, &back), -EBADMSG);
	token.not_after_s = token.not_before_s;
	size = write_text(&pair, &token, text);
	cr_expect_eq(maintenance_token_parse(text, size, &back), -EBADMSG);
	token.not_after_s = token.not_before_s + MAINTENANCE_LIFE_MAX + 1;
	size = write_text(&pair, &token, text);
	cr_expect_eq(maintenance_token_parse(text, size, &back), -EBADMSG);
	token = plain();
	(void)snprintf(token.device, sizeof(token.device), "my laptop");
	size = write_text(&pair, &token, text);
	cr_expect_eq(maintenance_token_parse(text, size, &back), -EBADMSG);
}

Test(maintenance, actions)
{
	uint32_t acts = 0;
	char words[32];

	cr_expect_eq(maintenance_acts_parse("remove,stop,upgrade", &acts), 0);
	cr_expect_eq(acts, MAINTENANCE_STOP | MAINTENANCE_UPGRADE | MAINTENANCE_REMOVE);
	maintenance_acts_text(acts, words);
	cr_expect_str_eq(words, "stop,upgrade,remove");
	cr_expect_eq(maintenance_acts_parse("", &acts), -EINVAL);
	cr_expect_eq(maintenance_acts_parse("stop,stop", &acts), -EINVAL);
	cr_expect_eq(maintenance_acts_parse("stop,", &acts), -EINVAL);
	cr_expect_eq(maintenance_acts_parse("sto", &acts), -EINVAL);
}

Test(maintenance, only_ed25519_keys)
{
	static const char rsa[] =
		"-----BEGIN PUBLIC "
		"KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALqbHeRLCyOdykC5SDLqI49ArYGYG1mq\naH9/"
		"GnWjGavZM02fos4lc2w6tCchcUBNtJvGqKwhC5JEnx3RYoSX2ucCAwEAAQ==\n-----END PUBLIC "
		"KEY-----\n";
	struct signing_key *key;

	cr_expect_eq(signing_key_read(rsa, strlen(rsa), 0, NULL, &key), -EBADMSG);
	cr_expect_eq(signing_key_read("", 0, NULL, 0, &key), -EBADMSG);
	cr_expect_eq(signing_key_read("none", 4, 1, NULL, &key), -EBADMSG);
}
