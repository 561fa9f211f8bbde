/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, keys, renewals and states: who becomes a device, and stays one. */
#include "tests/unit/console_fixture.h"

#include <errno.h>

TestSuite(console_enrolment, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device, other;
static struct store_token token;
static char text[ENROLMENT_TOKEN_SIZE];

static struct store_token now_of(int64_t id)
{
	struct store_token now;

	cr_assert_eq(store_token_get(fixture_store, id, &now), 0);
	return now;
}

static struct store_device stored(const struct fixture_device *of)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, of->uid, &now), 0);
	return now;
}

static uint16_t renew(const uint8_t *fingerprint, const uint8_t *key)
{
	struct console_enrol enrol = {.id = 3, .address = "::1"};
	struct console_device answer;

	memcpy(enrol.certificate, fingerprint, sizeof(enrol.certificate));
	memcpy(enrol.key, key, sizeof(enrol.key));
	FIXTURE_DO(enrolment_renew(fixture_store, &enrol, &answer));
	cr_expect_eq(answer.id, 3);
	return answer.refusal;
}

static uint16_t state_of(const uint8_t *fingerprint)
{
	static struct identity identity;
	uint16_t refusal;

	FIXTURE_DO(identify(fixture_store, fingerprint, "::1", &identity, &refusal));
	return refusal;
}

Test(console_enrolment, a_token_enrols_as_many_as_it_says)
{
	static struct fixture_device devices[4];

	fixture_token(3, true, &token, text);
	cr_expect_eq(strncmp(text, ENROLMENT_TOKEN_PREFIX, 4), 0);
	for (unsigned int i = 0; i < 4; i++) {
		fixture_key(&devices[i]);
		cr_expect_eq(fixture_enrol(&devices[i], text, "pc"),
			i < 3 ? REFUSAL_NONE : REFUSAL_TOKEN_USED);
	}
	cr_expect_eq(now_of(token.id).used, 3);
	cr_expect_eq(now_of(token.id).uses_left, 0);
	cr_expect_neq(memcmp(devices[0].uid, devices[1].uid, 16), 0);
	for (unsigned int i = 0; i < 4; i++)
		fixture_free(&devices[i]);
}

Test(console_enrolment, an_unlimited_token)
{
	fixture_token(STORE_UNLIMITED, true, &token, text);
	for (unsigned int i = 0; i < 20; i++) {
		fixture_key(&device);
		cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
		fixture_free(&device);
	}
	cr_expect_eq(now_of(token.id).used, 20);
	cr_expect_eq(now_of(token.id).uses_left, STORE_UNLIMITED);
}

/* The answer was lost, or the console died behind its commit. */
Test(console_enrolment, the_same_key_and_token_is_the_same_device)
{
	uint8_t uid[16];

	fixture_token(1, true, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	memcpy(uid, device.uid, sizeof(uid));
	fixture_close();
	fixture_open();
	for (unsigned int i = 0; i < 3; i++) {
		cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
		cr_expect_arr_eq(device.uid, uid, sizeof(uid));
	}
	cr_expect_eq(now_of(token.id).used, 1);
	fixture_key(&other);
	cr_expect_eq(fixture_enrol(&other, text, "pc"), REFUSAL_TOKEN_USED);
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_enrolment, the_same_key_by_another_token_is_taken)
{
	char text_2[ENROLMENT_TOKEN_SIZE];
	struct store_token token_2;

	fixture_token(1, true, &token, text);
	fixture_token(1, true, &token_2, text_2);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_expect_eq(fixture_enrol(&device, text_2, "pc"), REFUSAL_KEY_TAKEN);
	cr_expect_eq(now_of(token_2.id).used, 0, "not counted");
	fixture_key(&other);
	cr_expect_eq(fixture_enrol(&other, text_2, "pc"), REFUSAL_NONE);
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_enrolment, whose_a_device_is_its_token_says)
{
	struct store_token personal = {.uses_left = 1,
		.made_ms = 1,
		.expires_ms = (int64_t)clock_day_ms() + 1000000,
		.owner = "personal"};

	FIXTURE_DO(enrolment_token_make(fixture_store, &personal, text));
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_expect_str_eq(stored(&device).owner, "personal");
	fixture_device(&other, "pc-2");
	cr_expect_str_eq(stored(&other).owner, "", "not said");
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_enrolment, unknown_expired_revoked)
{
	struct store_token old = {.uses_left = 1, .made_ms = 1, .expires_ms = 2};
	char text_old[ENROLMENT_TOKEN_SIZE];

	fixture_token(5, true, &token, text);
	FIXTURE_DO(enrolment_token_make(fixture_store, &old, text_old));
	fixture_key(&device);
	cr_expect_eq(fixture_enrol(&device, "hfe_nothing", "pc"), REFUSAL_TOKEN_UNKNOWN);
	cr_expect_eq(fixture_enrol(&device, "", "pc"), REFUSAL_TOKEN_UNKNOWN);
	cr_expect_eq(fixture_enrol(&device, text_old, "pc"), REFUSAL_TOKEN_EXPIRED);
	cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	FIXTURE_DO(store_token_revoke(fixture_store, token.id));
	fixture_key(&other);
	cr_expect_eq(fixture_enrol(&other, text, "pc"), REFUSAL_TOKEN_REVOKED);
	cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE, "it is a device already");
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_enrolment, pending_until_approved)
{
	fixture_token(1, false, &token, text);
	fixture_key(&device);
	cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_expect_eq(stored(&device).state, DEVICE_PENDING);
	cr_expect_eq(fixture_certified(&device), REFUSAL_NONE);
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_DEVICE_PENDING);
	cr_expect_eq(renew(device.fingerprint, device.uid), REFUSAL_DEVICE_PENDING);
	FIXTURE_DO(store_device_set_state(
		fixture_store, stored(&device).id, DEVICE_TRUSTED, "uid 0", "known", 9));
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_NONE);
	fixture_free(&device);
}

Test(console_enrolment, a_rule_approves_and_is_written_down)
{
	struct store_change change;

	fixture_device(&device, "pc");
	cr_expect_eq(stored(&device).state, DEVICE_TRUSTED);
	cr_assert_eq(store_changes(fixture_store, stored(&device).id, &change, 1), 1);
	cr_expect_eq(change.from, DEVICE_PENDING);
	cr_expect_eq(change.to, DEVICE_TRUSTED);
	cr_expect_str_eq(change.who, "enrolment");
	cr_expect(strstr(change.why, "test"), "%s", change.why);
	fixture_free(&device);
}

Test(console_enrolment, what_is_revoked_or_suspended_gets_no_certificate)
{
	static const struct {
		uint8_t state;
		uint16_t refusal;
	} rows[] = {{DEVICE_SUSPENDED, REFUSAL_DEVICE_SUSPENDED},
		{DEVICE_REVOKED, REFUSAL_DEVICE_REVOKED}, {DEVICE_TRUSTED, REFUSAL_NONE}};

	fixture_token(1, true, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FIXTURE_DO(store_device_set_state(
			fixture_store, stored(&device).id, rows[i].state, "uid 0", "", 9));
		cr_expect_eq(fixture_enrol(&device, text, "pc"), rows[i].refusal);
		cr_expect_eq(fixture_certified(&device), rows[i].refusal);
		cr_expect_eq(state_of(device.fingerprint),
			rows[i].refusal ? REFUSAL_CERTIFICATE_UNKNOWN : REFUSAL_NONE);
	}
	fixture_free(&device);
}

Test(console_enrolment, a_certificate_of_another_key_is_not_stored)
{
	static struct fixture_device spoilt;

	fixture_token(1, true, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	fixture_key(&other);
	memcpy(other.uid, device.uid, sizeof(other.uid));
	cr_expect_eq(fixture_certified(&other), REFUSAL_INTERNAL);
	spoilt = device;
	spoilt.certificate_size -= 1;
	cr_expect_eq(fixture_certified(&spoilt), REFUSAL_INTERNAL);
	memset(spoilt.uid, 9, sizeof(spoilt.uid));
	cr_expect_eq(fixture_certified(&spoilt), REFUSAL_CERTIFICATE_UNKNOWN);
	cr_expect_eq(fixture_certified(&device), REFUSAL_NONE);
	cr_expect_eq(fixture_certified(&device), REFUSAL_NONE, "once more is the same");
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_enrolment, renewal_wants_a_new_key_and_the_certificate_in_use)
{
	static struct fixture_device next, last;

	fixture_device(&device, "pc");
	fixture_device(&other, "pc-2");
	next = device;
	fixture_key(&next);
	cr_expect_eq(renew(device.key_hash, next.key_hash), REFUSAL_CERTIFICATE_UNKNOWN);
	cr_expect_eq(renew(device.fingerprint, device.key_hash), REFUSAL_KEY_REUSED);
	cr_expect_eq(renew(device.fingerprint, other.key_hash), REFUSAL_KEY_TAKEN);
	cr_expect_eq(renew(device.fingerprint, next.key_hash), REFUSAL_NONE);
	cr_assert_eq(fixture_certified(&next), REFUSAL_NONE);
	cr_expect_eq(renew(device.fingerprint, next.key_hash), REFUSAL_NONE,
		"the answer was lost: the same is asked for again");
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_NONE, "the new one was not used yet");
	cr_expect_eq(state_of(next.fingerprint), REFUSAL_NONE);
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_CERTIFICATE_REPLACED);
	last = next;
	fixture_key(&last);
	cr_expect_eq(renew(device.fingerprint, last.key_hash), REFUSAL_CERTIFICATE_REPLACED,
		"who has the old one does not renew for ever");
	cr_expect_eq(renew(next.fingerprint, device.key_hash), REFUSAL_KEY_REUSED);
	cr_expect_eq(renew(next.fingerprint, last.key_hash), REFUSAL_NONE);
	EVP_PKEY_free(next.key);
	EVP_PKEY_free(last.key);
	fixture_free(&other);
	fixture_free(&device);
}

/* A stolen first key and its token are no way back in, once it is renewed. */
Test(console_enrolment, an_old_key_does_not_enrol_again)
{
	static struct fixture_device next, again;

	fixture_token(STORE_UNLIMITED, true, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_assert_eq(fixture_certified(&device), REFUSAL_NONE);
	next = device;
	fixture_key(&next);
	cr_assert_eq(renew(device.fingerprint, next.key_hash), REFUSAL_NONE);
	again = device;
	cr_expect_eq(fixture_enrol(&again, text, "pc"), REFUSAL_KEY_TAKEN);
	EVP_PKEY_free(next.key);
	fixture_free(&device);
}

Test(console_enrolment, expired_certificates)
{
	fixture_token(1, true, &token, text);
	fixture_key(&device);
	fixture_certificate(&device, -1);
	cr_assert_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_assert_eq(fixture_certified(&device), REFUSAL_NONE);
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_CERTIFICATE_EXPIRED);
	fixture_certificate(&device, 1);
	cr_assert_eq(fixture_certified(&device), REFUSAL_NONE);
	cr_expect_eq(state_of(device.fingerprint), REFUSAL_NONE);
	fixture_free(&device);
}

Test(console_enrolment, what_a_device_calls_itself_is_made_fit_to_be_shown)
{
	fixture_token(1, true, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc\033[2J\n\xff"), REFUSAL_NONE);
	cr_expect_str_eq(stored(&device).host, "pc?[2J??");
	fixture_free(&device);
}

/* Counting and adding are one: a use is gone with its device, or neither is. */
Test(console_enrolment, rolled_back_with_its_token)
{
	struct console_enrol enrol = {.id = 1};
	struct console_device answer;

	fixture_token(1, true, &token, text);
	fixture_key(&device);
	(void)snprintf(enrol.token, sizeof(enrol.token), "%s", text);
	memcpy(enrol.key, device.key_hash, sizeof(enrol.key));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(enrolment_device(fixture_store, &enrol, &answer), 0);
	store_rollback(fixture_store);
	cr_expect_eq(now_of(token.id).used, 0);
	cr_expect_eq(fixture_enrol(&device, text, "pc"), REFUSAL_NONE);
	cr_expect_eq(now_of(token.id).used, 1);
	fixture_free(&device);
}

Test(console_enrolment, secrets_of_administrators)
{
	char secret[SECRET_TEXT_SIZE], hash[SECRET_HASH_SIZE], again[SECRET_HASH_SIZE];

	cr_assert_eq(secret_make(secret), 0);
	cr_assert_eq(strlen(secret), 32);
	cr_assert_eq(secret_hash(secret, hash), 0);
	cr_assert_eq(secret_hash(secret, again), 0);
	cr_expect_str_neq(hash, again, "salted");
	cr_expect(secret_is(secret, hash));
	secret[0] ^= 1;
	cr_expect_not(secret_is(secret, hash));
	cr_expect_not(secret_is(secret, ""));
	cr_expect_not(secret_is(secret, "scrypt$1$1$1$00$00"));
	FIXTURE_DO(store_administrator_add(fixture_store, "admin", hash, true, 1));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(store_administrator_add(fixture_store, "admin", hash, true, 1), -EEXIST);
	store_rollback(fixture_store);
}
