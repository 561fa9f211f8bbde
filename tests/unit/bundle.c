/* SPDX-License-Identifier: Apache-2.0 */
/* Signed policies: what is taken, and each reason for which one is not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bundle.h"

#define TENANT "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

static const uint8_t packed[] = "HFP1 and so on";
static struct signing_key *private_key, *public_key, *other_key;
static uint8_t *bytes;
static size_t size;

static void keys_make(struct signing_key **ret_private, struct signing_key **ret_public)
{
	static char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];

	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(
		signing_key_read(private_pem, strlen(private_pem), true, NULL, ret_private), 0);
	cr_assert_eq(signing_key_read(public_pem, strlen(public_pem), false, NULL, ret_public), 0);
}

static struct bundle wanted(void)
{
	return (struct bundle){.tenant = TENANT,
		.name = "Acme office",
		.version = 17,
		.made_s = 1764064800,
		.expires_s = 1795600800,
		.packed = packed,
		.packed_size = sizeof(packed)};
}

static void start(void)
{
	const struct bundle bundle = wanted();
	struct signing_key *other_private;

	keys_make(&private_key, &public_key);
	keys_make(&other_private, &other_key);
	signing_key_free(other_private);
	cr_assert_eq(bundle_write(&bundle, private_key, &bytes, &size), 0);
}

static void stop(void)
{
	signing_key_free(private_key);
	signing_key_free(public_key);
	signing_key_free(other_key);
	free(bytes);
}

static struct bundle_terms terms(void)
{
	return (struct bundle_terms){
		.key = public_key, .tenant = TENANT, .version = 17, .now_s = 1764064800};
}

static enum bundle_verdict judge(const struct bundle_terms *with)
{
	struct bundle bundle;

	cr_assert_eq(bundle_parse(bytes, size, &bundle), 0);
	return bundle_verify(&bundle, bytes, with);
}

TestSuite(bundle, .init = start, .fini = stop);

Test(bundle, what_was_signed_comes_back)
{
	struct bundle bundle;
	struct bundle_terms with = terms();

	cr_assert_eq(bundle_parse(bytes, size, &bundle), 0);
	cr_expect_str_eq(bundle.tenant, TENANT);
	cr_expect_str_eq(bundle.name, "Acme office");
	cr_expect_eq(bundle.version, 17);
	cr_expect_eq(bundle.made_s, 1764064800);
	cr_expect_eq(bundle.expires_s, 1795600800);
	cr_assert_eq(bundle.packed_size, sizeof(packed));
	cr_expect_arr_eq(bundle.packed, packed, sizeof(packed));
	cr_expect_eq(bundle_verify(&bundle, bytes, &with), BUNDLE_GOOD);
}

static void require(const char *words)
{
	struct bundle bundle = wanted();

	free(bytes);
	cr_assert_eq(posture_parse(words, &bundle.require), 0);
	cr_assert_eq(bundle_write(&bundle, private_key, &bytes, &size), 0);
}

Test(bundle, what_is_required_stands_beside_the_version)
{
	static const char line[] =
		"version 17\nrequire lockdown confidentiality, not-virtual\nmade 17";
	struct bundle_terms with = terms();
	struct bundle bundle;

	cr_assert_eq(bundle_parse(bytes, size, &bundle), 0);
	cr_expect(posture_is_empty(&bundle.require));
	cr_expect_null(memmem(bytes, size, "require", 7), "no line where nothing is");
	require("not-virtual, lockdown confidentiality");
	cr_assert_eq(bundle_parse(bytes, size, &bundle), 0);
	cr_expect_eq(bundle.require.least[POSTURE_LOCKDOWN], 2);
	cr_expect_eq(bundle.require.least[POSTURE_NOT_VIRTUAL], 2);
	cr_expect_eq(bundle.require.least[POSTURE_SECURE_BOOT], 0);
	cr_expect_eq(bundle_verify(&bundle, bytes, &with), BUNDLE_GOOD);
	cr_expect_not_null(memmem(bytes, size, line, strlen(line)));
}

Test(bundle, a_requirement_is_written_in_one_way_only)
{
	struct bundle bundle;
	char *at;

	require("lockdown, not-virtual");
	cr_assert_eq(bundle_parse(bytes, size, &bundle), 0, "control");
	at = memmem(bytes, size, "lockdown, not-virtual", 21);
	cr_assert_not_null(at);
	memcpy(at, "lockdown,not-virtual ", 21);
	cr_expect_eq(bundle_parse(bytes, size, &bundle), -EBADMSG);
	memcpy(at, "lockdown, not-a-word!", 21);
	cr_expect_eq(bundle_parse(bytes, size, &bundle), -EBADMSG);
	memcpy(at, "not-virtual, lockdown", 21);
	cr_expect_eq(bundle_parse(bytes, size, &bundle), -EBADMSG, "another order");
}

Test(bundle, each_term_is_held)
{
	struct bundle_terms with = terms();

	cr_expect_eq(judge(&with), BUNDLE_GOOD);
	with.version = 18;
	cr_expect_eq(judge(&with), BUNDLE_ROLLBACK);
	with.version = 3;
	cr_expect_eq(judge(&with), BUNDLE_GOOD);
	with.now_s = 1795600799;
	cr_expect_eq(judge(&with), BUNDLE_GOOD);
	with.now_s = 1795600800;
	cr_expect_eq(judge(&with), BUNDLE_TOO_LATE);
	with = terms();
	with.tenant = "00000000000000000000000000000000";
	cr_expect_eq(judge(&with), BUNDLE_OTHER_TENANT);
	with.tenant = "";
	cr_expect_eq(judge(&with), BUNDLE_GOOD);
	with = terms();
	with.key = other_key;
	cr_expect_eq(judge(&with), BUNDLE_OTHER_KEY);
}

/* Whichever bit is turned: it is no bundle any more, or none that is good. */
Test(bundle, no_bit_can_be_changed)
{
	struct bundle_terms with = terms();
	struct bundle bundle;
	unsigned int unparsed = 0, bad_signature = 0, bad_digest = 0;

	for (size_t bit = 0; bit < size * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (bundle_parse(bytes, size, &bundle) < 0) {
			unparsed++;
		} else {
			enum bundle_verdict verdict = bundle_verify(&bundle, bytes, &with);

			cr_expect_neq(verdict, BUNDLE_GOOD, "bit %zu", bit);
			bad_signature += verdict == BUNDLE_BAD_SIGNATURE;
			bad_digest += verdict == BUNDLE_BAD_DIGEST;
		}
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	cr_expect_gt(unparsed, 0);
	cr_expect_gt(bad_signature, 0);
	cr_expect_eq(bad_digest, sizeof(packed) * 8);
	cr_expect_eq(judge(&with), BUNDLE_GOOD);
}

Test(bundle, nothing_is_missing_and_nothing_behind)
{
	uint8_t *longer = malloc(size + 1);
	struct bundle bundle;

	cr_assert(longer);
	memcpy(longer, bytes, size);
	longer[size] = 0;
	for (size_t cut = 0; cut < size; cut++)
		cr_expect_eq(bundle_parse(bytes, cut, &bundle), -EBADMSG, "cut at %zu", cut);
	cr_expect_eq(bundle_parse(longer, size + 1, &bundle), -EBADMSG);
	free(longer);
}

Test(bundle, what_can_not_be_read_is_not_written)
{
	struct bundle bundle = wanted();
	uint8_t *out = NULL;
	size_t out_size;

	(void)snprintf(bundle.name, sizeof(bundle.name), "two\nlines");
	cr_expect_eq(bundle_write(&bundle, private_key, &out, &out_size), -EINVAL);
	bundle = wanted();
	bundle.version = 0;
	cr_expect_eq(bundle_write(&bundle, private_key, &out, &out_size), -EINVAL);
	bundle = wanted();
	bundle.expires_s = bundle.made_s;
	cr_expect_eq(bundle_write(&bundle, private_key, &out, &out_size), -EINVAL);
	bundle = wanted();
	bundle.packed_size = BUNDLE_PACKED_MAX + 1;
	cr_expect_eq(bundle_write(&bundle, private_key, &out, &out_size), -EFBIG);
}

Test(signing, a_passphrase_is_needed_where_there_is_one)
{
	static char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];
	struct signing_key *key = NULL;

	cr_assert_eq(signing_key_make("correct horse", private_pem, public_pem), 0);
	cr_expect_eq(signing_key_read(private_pem, strlen(private_pem), true, NULL, &key), -EACCES);
	cr_expect_eq(
		signing_key_read(private_pem, strlen(private_pem), true, "wrong", &key), -EACCES);
	cr_assert_eq(
		signing_key_read(private_pem, strlen(private_pem), true, "correct horse", &key), 0);
	signing_key_free(key);
}
