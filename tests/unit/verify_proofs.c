/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong tries, what is kept of users, and what a security key signs: real signatures of a real key. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <fido.h>
#include <fido/es256.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/verify/assertion.h"
#include "agent/verify/attempts.h"
#include "agent/verify/enrolment.h"

#define SECOND UINT64_C(1000000000)

Test(verify_attempts, a_few_are_free_then_the_pause_doubles)
{
	struct attempts attempts = {0};
	uint64_t now = 1000 * SECOND;

	for (int i = 1; i < ATTEMPTS_FREE; i++) {
		cr_expect_not(attempts_failed(&attempts, now));
		cr_expect_eq(attempts_wait_s(&attempts, now), 0);
	}
	cr_expect(attempts_failed(&attempts, now));
	cr_expect_eq(attempts_wait_s(&attempts, now), ATTEMPTS_PAUSE_S);
	cr_expect_eq(attempts_wait_s(&attempts, now + ATTEMPTS_PAUSE_S * SECOND - 1), 1);
	now += ATTEMPTS_PAUSE_S * SECOND;
	cr_expect_eq(attempts_wait_s(&attempts, now), 0);
	(void)attempts_failed(&attempts, now);
	cr_expect_eq(attempts_wait_s(&attempts, now), 2 * ATTEMPTS_PAUSE_S);
	for (int i = 0; i < 100; i++)
		(void)attempts_failed(&attempts, now);
	cr_expect_eq(attempts_wait_s(&attempts, now), ATTEMPTS_PAUSE_MAX_S);
	attempts_clear(&attempts);
	cr_expect_eq(attempts_wait_s(&attempts, now), 0);
}

Test(verify_attempts, a_restart_frees_nobody)
{
	struct attempts attempts;

	attempts_restore(&attempts, ATTEMPTS_FREE, 5 * SECOND);
	cr_expect_eq(attempts_wait_s(&attempts, 5 * SECOND), ATTEMPTS_PAUSE_S);
	attempts_restore(&attempts, ATTEMPTS_FREE - 1, 5 * SECOND);
	cr_expect_eq(attempts_wait_s(&attempts, 5 * SECOND), 0);
	cr_expect(attempts_failed(&attempts, 5 * SECOND));
}

static struct enrolment enrolment_whole(void)
{
	struct enrolment enrolment = {.has_totp = true, .totp_step = UINT64_MAX, .failed = 7};

	memset(enrolment.totp_key, 0xa5, sizeof(enrolment.totp_key));
	for (unsigned int i = 0; i < ENROLMENT_KEY_MAX; i++) {
		struct enrolment_key *key = &enrolment.keys[enrolment.key_count++];

		key->credential_size = (uint16_t)(i ? i : ENROLMENT_CREDENTIAL_MAX);
		memset(key->credential, 0x10 + (int)i, key->credential_size);
		memset(key->public_key, 0x20 + (int)i, sizeof(key->public_key));
		key->counter = UINT32_MAX - i;
		key->flags = (uint8_t)(i % 2 ? 5 : 1);
	}
	return enrolment;
}

Test(verify_enrolment, what_is_kept_is_what_is_read)
{
	char directory[] = "/tmp/holdfast-verify-XXXXXX", name[64];
	struct enrolment whole = enrolment_whole(), empty = {0}, read;
	int fd;

	cr_assert(mkdtemp(directory));
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(enrolment_read(fd, 1000, &read), 0);
	cr_expect_eq(memcmp(&read, &empty, sizeof(read)), 0, "without a file it is empty");
	cr_assert_eq(enrolment_write(fd, 1000, &whole), 0);
	cr_assert_eq(enrolment_read(fd, 1000, &read), 0);
	cr_expect_eq(memcmp(&read, &whole, sizeof(read)), 0);
	cr_assert_eq(enrolment_read(fd, 1001, &read), 0);
	cr_expect_eq(memcmp(&read, &empty, sizeof(read)), 0, "another user's is not it");
	cr_assert_eq(enrolment_write(fd, 1000, &empty), 0);
	(void)snprintf(name, sizeof(name), "%s/1000", directory);
	cr_expect(access(name, F_OK) < 0, "an empty one leaves no file");
	(void)close(fd);
	(void)rmdir(directory);
}

Test(verify_enrolment, what_is_damaged_is_not_taken)
{
	static const char *const texts[] = {"", "holdfast-verify 1", "holdfast-verify 2\n",
		"holdfast-verify 1\ntotp\n", "holdfast-verify 1\ntotp 00 1\n",
		"holdfast-verify 1\ntotp 0000000000000000000000000000000000000000\n",
		"holdfast-verify 1\ntotp 0000000000000000000000000000000000000000 -1\n",
		"holdfast-verify 1\ntotp 000000000000000000000000000000000000000g 1\n",
		"holdfast-verify 1\ntotp 0000000000000000000000000000000000000000 1 2\n",
		"holdfast-verify 1\nfailed 4294967296\n", "holdfast-verify 1\nfailed \n",
		"holdfast-verify 1\nkey 00 00 1 1\n", "holdfast-verify 1\nmore\n",
		"holdfast-verify 1\nfailed 1", "holdfast-verify 1\n\nfailed 1\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct enrolment enrolment;
		char *copy = strdup(texts[i]);

		cr_expect_eq(enrolment_parse(copy, &enrolment), -EBADMSG, "%s", texts[i]);
		free(copy);
	}
}

/* A key of the test's own, and the 37 bytes that it signs with the challenge. */
struct authenticator {
	EVP_PKEY *pair;
	uint8_t public_key[ASSERTION_KEY_SIZE];
	uint8_t challenge[ASSERTION_HASH_SIZE];
	uint8_t data[ASSERTION_DATA_SIZE];
	uint8_t signature[80];
	size_t signature_size;
};

static void authenticator_sign(struct authenticator *authenticator)
{
	uint8_t message[ASSERTION_DATA_SIZE + ASSERTION_HASH_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	memcpy(message, authenticator->data, ASSERTION_DATA_SIZE);
	memcpy(message + ASSERTION_DATA_SIZE, authenticator->challenge, ASSERTION_HASH_SIZE);
	authenticator->signature_size = sizeof(authenticator->signature);
	cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, authenticator->pair) == 1);
	cr_assert(EVP_DigestSign(context, authenticator->signature, &authenticator->signature_size,
			  message, sizeof(message)) == 1);
	EVP_MD_CTX_free(context);
}

static struct authenticator authenticator_make(const char *origin, uint8_t flags, uint32_t counter)
{
	struct authenticator made = {.pair = EVP_EC_gen("P-256")};
	uint8_t point[65];
	size_t size = 0;

	cr_assert(made.pair);
	cr_assert(EVP_PKEY_get_octet_string_param(
		made.pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &size));
	cr_assert_eq(size, 65);
	memcpy(made.public_key, point + 1, sizeof(made.public_key));
	memset(made.challenge, 0x42, sizeof(made.challenge));
	(void)SHA256((const uint8_t *)origin, strlen(origin), made.data);
	made.data[32] = flags;
	for (int i = 0; i < 4; i++)
		made.data[33 + i] = (uint8_t)(counter >> (24 - 8 * i));
	authenticator_sign(&made);
	return made;
}

static int check(const struct authenticator *from, uint8_t flags, uint32_t before)
{
	const struct assertion assertion = {.origin = "holdfast-verify",
		.challenge = from->challenge,
		.flags = flags,
		.data = from->data,
		.data_size = sizeof(from->data),
		.signature = from->signature,
		.signature_size = from->signature_size,
		.key = from->public_key,
		.counter = before};
	uint32_t counter = 0;

	return assertion_check(&assertion, &counter);
}

Test(verify_assertion, good_ones_are_taken)
{
	struct authenticator key = authenticator_make("holdfast-verify", 1, 6);

	cr_expect_eq(check(&key, ASSERTION_PRESENT, 5), 0);
	cr_expect_eq(assertion_key_check(key.public_key), 0);
	EVP_PKEY_free(key.pair);
	key = authenticator_make("holdfast-verify", 5, 0);
	cr_expect_eq(check(&key, ASSERTION_PRESENT | ASSERTION_VERIFIED, 0), 0, "does not count");
	EVP_PKEY_free(key.pair);
}

Test(verify_assertion, forged_ones_are_not)
{
	struct authenticator key = authenticator_make("holdfast-verify", 1, 6), other, spoilt;

	other = authenticator_make("holdfast-verify", 1, 6);
	spoilt = key;
	memcpy(spoilt.public_key, other.public_key, sizeof(spoilt.public_key));
	cr_expect_eq(check(&spoilt, 1, 5), -EACCES, "of another key");
	spoilt = key;
	spoilt.challenge[0] ^= 1;
	cr_expect_eq(check(&spoilt, 1, 5), -EACCES, "for another challenge");
	spoilt = key;
	spoilt.data[36]++;
	cr_expect_eq(check(&spoilt, 1, 5), -EACCES, "another counter");
	spoilt = key;
	spoilt.data[32] |= ASSERTION_VERIFIED;
	cr_expect_eq(check(&spoilt, 5, 5), -EACCES, "another flag");
	cr_expect_eq(check(&key, 5, 5), -EACCES, "not verified");
	cr_expect_eq(check(&key, 1, 6), -EALREADY, "the counter stands");
	cr_expect_eq(check(&key, 1, 7), -EALREADY, "the counter went back");
	for (size_t i = 0; i < key.signature_size; i++) {
		spoilt = key;
		spoilt.signature[i] ^= 1;
		cr_expect_lt(check(&spoilt, 1, 5), 0, "byte %zu of the signature", i);
	}
	spoilt = key;
	spoilt.signature_size = 0;
	cr_expect_eq(check(&spoilt, 1, 5), -EACCES, "no signature");
	EVP_PKEY_free(other.pair);
	other = authenticator_make("elsewhere.example", 1, 6);
	cr_expect_eq(check(&other, 1, 5), -EACCES, "for another place");
	EVP_PKEY_free(other.pair);
	other = authenticator_make("holdfast-verify", 0, 6);
	cr_expect_eq(check(&other, 1, 5), -EACCES, "nobody touched it");
	EVP_PKEY_free(other.pair);
	memset(spoilt.public_key, 1, sizeof(spoilt.public_key));
	cr_expect_eq(assertion_key_check(spoilt.public_key), -EBADMSG, "no point of the curve");
	EVP_PKEY_free(key.pair);
}

/* What this file takes for an assertion is one to libfido2 as well, and what it refuses is none. */
static int fido_says(const struct authenticator *from)
{
	fido_assert_t *assertion = fido_assert_new();
	es256_pk_t *key = es256_pk_new();
	int r;

	cr_assert(assertion && key);
	cr_assert_eq(es256_pk_from_ptr(key, from->public_key, sizeof(from->public_key)), FIDO_OK);
	cr_assert_eq(fido_assert_set_clientdata_hash(
			     assertion, from->challenge, sizeof(from->challenge)),
		FIDO_OK);
	cr_assert_eq(fido_assert_set_rp(assertion, "holdfast-verify"), FIDO_OK);
	cr_assert_eq(fido_assert_set_count(assertion, 1), FIDO_OK);
	cr_assert_eq(fido_assert_set_up(assertion, FIDO_OPT_TRUE), FIDO_OK);
	cr_assert_eq(fido_assert_set_authdata_raw(assertion, 0, from->data, sizeof(from->data)),
		FIDO_OK);
	cr_assert_eq(
		fido_assert_set_sig(assertion, 0, from->signature, from->signature_size), FIDO_OK);
	r = fido_assert_verify(assertion, 0, COSE_ES256, key);
	es256_pk_free(&key);
	fido_assert_free(&assertion);
	return r;
}

Test(verify_assertion, libfido2_is_of_the_same_opinion)
{
	struct authenticator key = authenticator_make("holdfast-verify", 1, 6);

	cr_expect_eq(fido_says(&key), FIDO_OK);
	key.challenge[3] ^= 1;
	cr_expect_neq(fido_says(&key), FIDO_OK);
	cr_expect_eq(check(&key, 1, 5), -EACCES);
	EVP_PKEY_free(key.pair);
}
