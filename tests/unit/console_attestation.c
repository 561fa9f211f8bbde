/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device's TPM says, by a key of the test's that stands for a TPM's; a real one is in
 * tests/unit/keyring_tpm.c and tests/e2e/posture.py.
 */
#include "tests/unit/console_fixture.h"

#include <openssl/x509.h>

#include "common/clock.h"
#include "console/store/attestation.h"
#include "console/store/description.h"

#define BOOT "11111111-1111-4111-8111-111111111111"

TestSuite(console_attestation, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;
static struct store_device stored;
static struct device_record record;

static void put(uint8_t **to, uint64_t value, unsigned int size)
{
	while (size-- > 0)
		*(*to)++ = (uint8_t)(value >> (8 * size));
}

struct told {
	unsigned int hours; /* ago: whose challenge it answers */
	uint8_t registers;  /* fills their hash */
	uint32_t magic;	    /* 0 = the right one */
	bool is_of_another_device;
};

/* As a TPM makes it; base64. */
static void quote(EVP_PKEY *key, const struct told *told, char ret_text[DEVICE_QUOTE_SIZE])
{
	uint8_t bytes[QUOTE_MAX], challenge[QUOTE_CHALLENGE_SIZE], hash[QUOTE_HASH_SIZE];
	uint8_t *at = bytes + 2, *statement = at;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = QUOTE_SIGNATURE_MAX;

	FIXTURE_DO(attestation_challenge(fixture_store, device.uid, told->hours, challenge));
	memcpy(hash, device.key_hash, sizeof(hash));
	hash[0] ^= told->is_of_another_device;
	put(&at, told->magic ? told->magic : 0xff544347u, 4);
	put(&at, 0x8018, 2);
	put(&at, 0, 2);
	put(&at, QUOTE_HASH_SIZE, 2);
	cr_assert_eq(quote_qualify(challenge, hash, at), 0);
	at += QUOTE_HASH_SIZE;
	memset(at, 0, 17 + 8);
	at += 17 + 8;
	put(&at, 1, 4);
	put(&at, 0x000b, 2);
	put(&at, 0x03ff0000, 4);
	put(&at, QUOTE_HASH_SIZE, 2);
	memset(at, told->registers, QUOTE_HASH_SIZE);
	at += QUOTE_HASH_SIZE;
	bytes[0] = (uint8_t)(at - statement);
	bytes[1] = 0;
	cr_assert(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0);
	cr_assert(EVP_DigestSign(context, at + QUOTE_PUBLIC_SIZE, &size, statement,
			  (size_t)(at - statement)) > 0);
	cr_assert_eq(i2d_PUBKEY(key, &at), QUOTE_PUBLIC_SIZE); /* moves on */
	EVP_MD_CTX_free(context);
	(void)EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)((size_t)(at - bytes) + size));
}

static void say(const char *text)
{
	const struct console_who who = {.address = "192.0.2.7"};
	char json[1024];
	const struct description description = {&who, json,
		(size_t)snprintf(json, sizeof(json),
			"{\"boot\":\"" BOOT "\",\"measured\":\"yes\",\"quote\":\"%s\"}", text)};

	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	FIXTURE_DO(description_take(fixture_store, &stored, &description, &record, &(bool){false}));
}

static const char *after(EVP_PKEY *key, const struct told *told)
{
	char text[DEVICE_QUOTE_SIZE];

	quote(key, told, text);
	say(text);
	return attestation_proven(&record);
}

static int findings(const char *kind)
{
	static struct store_finding all[32];
	int count = store_findings(fixture_store, stored.id, all, 32), found = 0;

	for (int i = 0; i < count; i++)
		found += !strcmp(all[i].kind, kind);
	return found;
}

Test(console_attestation, what_a_tpm_says_is_kept_for_its_boot)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	fixture_device(&device, "pc");
	cr_expect_eq(strncmp(after(key, &(struct told){.registers = 7}), "070707", 6), 0);
	cr_expect_eq(strlen(attestation_proven(&record)), 64);
	cr_expect_eq(strncmp(after(key, &(struct told){.registers = 8, .hours = 1}), "0808", 4), 0,
		"the challenge of an hour ago is good yet");
	(void)snprintf(record.facts[FACT_BOOT], DEVICE_RECORD_TEXT, "of another");
	cr_expect_str_empty(attestation_proven(&record));
	cr_expect_eq(findings("quote-refused") + findings("attestation-key-changed"), 0);
	EVP_PKEY_free(key);
	fixture_free(&device);
}

Test(console_attestation, what_is_old_or_of_another_device_proves_nothing)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	fixture_device(&device, "pc");
	cr_expect_str_empty(after(key, &(struct told){.hours = 2}));
	cr_expect_str_empty(after(key, &(struct told){.is_of_another_device = true}));
	cr_expect_eq(findings("quote-refused"), 0, "and is no harm");
	cr_expect_eq(strlen(after(key, &(struct told){0})), 64, "control");
	EVP_PKEY_free(key);
	fixture_free(&device);
}

Test(console_attestation, what_is_made_up_is_a_finding)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	fixture_device(&device, "pc");
	cr_expect_eq(strlen(after(key, &(struct told){0})), 64, "control");
	cr_expect_str_empty(after(key, &(struct told){.magic = 0x12345678}));
	cr_expect_eq(findings("quote-refused"), 1);
	say("bm8gcXVvdGU=");
	say("!");
	cr_expect_eq(findings("quote-refused"), 1, "it is said once");
	cr_expect_eq(strlen(after(key, &(struct told){0})), 64, "control");
	say("");
	cr_expect_eq(strlen(attestation_proven(&record)), 64, "silence changes nothing");
	EVP_PKEY_free(key);
	fixture_free(&device);
}

Test(console_attestation, the_key_is_that_of_the_first_time)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");

	fixture_device(&device, "pc");
	cr_expect_eq(strlen(after(key, &(struct told){0})), 64, "control");
	cr_expect_str_empty(after(other, &(struct told){0}));
	cr_expect_eq(findings("attestation-key-changed"), 1);
	cr_expect_eq(strlen(after(key, &(struct told){0})), 64);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	fixture_free(&device);
}

Test(console_attestation, a_challenge_is_a_devices_and_an_hours)
{
	uint8_t one[QUOTE_CHALLENGE_SIZE], again[QUOTE_CHALLENGE_SIZE];
	const uint8_t uid[CONSOLE_UID_SIZE] = {1}, other[CONSOLE_UID_SIZE] = {2};

	FIXTURE_DO(attestation_challenge(fixture_store, uid, 1, one));
	FIXTURE_DO(attestation_challenge(fixture_store, uid, 1, again));
	cr_expect_arr_eq(one, again, sizeof(one));
	FIXTURE_DO(attestation_challenge(fixture_store, other, 1, again));
	cr_expect_neq(memcmp(one, again, sizeof(one)), 0);
	FIXTURE_DO(attestation_challenge(fixture_store, uid, 0, again));
	cr_expect_neq(memcmp(one, again, sizeof(one)), 0);
}
