/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receiving side against the vectors of RFC 9180; the sending side against the receiving one,
 * which then is known to be right: a fixed ephemeral key would be a way to seal badly.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hpke.h"

/*
 * Mode 0, KEM 0x0020, KDF 0x0001, AEAD 0x0002. The RFC's appendix A prints other suites only; these
 * numbers are of the file that it names, github.com/cfrg/draft-irtf-cfrg-hpke, test-vectors.json of
 * commit 5f503c5.
 */
#define VECTOR_INFO    "4f6465206f6e2061204772656369616e2055726e"
#define VECTOR_PRIVATE "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d"
#define VECTOR_PUBLIC  "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"
#define VECTOR_ENC     "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256"
#define VECTOR_TEXT    "4265617574792069732074727574682c20747275746820626561757479"

static const struct {
	uint64_t number;
	const char *aad, *sealed;
} messages[] = {
	{0, "436f756e742d30",
		"e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad"
		"85"
		"9d5b7a"},
	{1, "436f756e742d31",
		"2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aeb"
		"ee"
		"d5cc2d"},
	{2, "436f756e742d32",
		"e0a8f2cf92ff61215edbb8c55dc31fe9e2eb42a5685867bb6854211542099f9e940c4b41c192bc3908"
		"35"
		"b1a5f7"},
	{4, "436f756e742d34",
		"448a8892f261cbb6bf5b7b64a4fae8a2c86492494b069c10525895d871c27c2f12cd17e0588fedaba9"
		"f7"
		"b0cd4c"},
	{255, "436f756e742d323535",
		"f6ad1823eb0b932d04b6e23010eea64f1fe5edd0583dae5ba27ca6363f4ea104bd217331460ef42080"
		"40"
		"423641"},
	{256, "436f756e742d323536",
		"53624f4f9f173453b14e633b45390ff54cacaa4428d44baee1bff8133fab1ab3afe60f88e4634b525c"
		"54"
		"e92eda"},
};

static const struct {
	const char *context, *secret;
} exports[] = {
	{"", "ded6cffafaea6b812cbf3e241e88332adbc077aca81512914213810ee291770a"},
	{"00", "04d3cb6cc116b28ffd22ad5bc276c60d31fec71ceb87ae24db811c64b7507339"},
	{"54657374436f6e74657874",
		"7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0886aac94d2"},
};

struct blob {
	uint8_t bytes[128];
	size_t size;
};

static struct blob blob_of(const char *hex)
{
	struct blob blob = {.size = strlen(hex) / 2};

	for (size_t i = 0; i < blob.size; i++) {
		unsigned int byte;

		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		blob.bytes[i] = (uint8_t)byte;
	}
	return blob;
}

static struct hpke *vector_open(void)
{
	struct blob key = blob_of(VECTOR_PRIVATE), enc = blob_of(VECTOR_ENC),
		    info = blob_of(VECTOR_INFO);
	struct hpke *hpke = NULL;

	cr_assert_eq(hpke_open_begin(key.bytes, enc.bytes, info.bytes, info.size, &hpke), 0);
	return hpke;
}

Test(hpke, opens_the_vectors)
{
	auto_call(hpke_freep) struct hpke *hpke = vector_open();
	struct blob text = blob_of(VECTOR_TEXT);

	/* from the last to the first: in any order */
	for (size_t i = sizeof(messages) / sizeof(messages[0]); i-- > 0;) {
		struct blob aad = blob_of(messages[i].aad), sealed = blob_of(messages[i].sealed);
		const struct hpke_message message = {
			aad.bytes, aad.size, sealed.bytes, sealed.size};
		uint8_t opened[128];

		cr_assert_eq(hpke_open_at(hpke, messages[i].number, &message, opened), 0);
		cr_expect_eq(memcmp(opened, text.bytes, text.size), 0);
	}
}

Test(hpke, exports_the_vectors)
{
	auto_call(hpke_freep) struct hpke *hpke = vector_open();

	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		struct blob context = blob_of(exports[i].context),
			    wanted = blob_of(exports[i].secret);
		uint8_t secret[32];

		cr_assert_eq(hpke_export(hpke, context.bytes, context.size, secret, 32), 0);
		cr_expect_eq(memcmp(secret, wanted.bytes, 32), 0);
	}
}

Test(hpke, a_public_key_belongs_to_its_private_one)
{
	struct blob key = blob_of(VECTOR_PRIVATE), wanted = blob_of(VECTOR_PUBLIC);
	uint8_t public_key[HPKE_KEY_SIZE], id[HPKE_KEY_ID_SIZE], digest[32];

	cr_assert_eq(hpke_key_public(key.bytes, public_key), 0);
	cr_expect_eq(memcmp(public_key, wanted.bytes, HPKE_KEY_SIZE), 0);
	cr_assert_eq(hpke_key_id(public_key, id), 0);
	cr_assert(EVP_Digest(public_key, sizeof(public_key), digest, NULL, EVP_sha256(), NULL));
	cr_expect_eq(memcmp(id, digest, sizeof(id)), 0);
}

struct pair {
	uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE], enc[HPKE_ENC_SIZE];
	struct hpke *sender, *receiver;
};

static struct pair pair_of(const char *sender_info, const char *receiver_info)
{
	struct pair pair = {0};

	cr_assert_eq(hpke_key_generate(pair.private_key, pair.public_key), 0);
	cr_assert_eq(hpke_seal_begin(pair.public_key, sender_info, strlen(sender_info), pair.enc,
			     &pair.sender),
		0);
	cr_assert_eq(hpke_open_begin(pair.private_key, pair.enc, receiver_info,
			     strlen(receiver_info), &pair.receiver),
		0);
	return pair;
}

static void pair_done(struct pair *pair)
{
	hpke_free(pair->sender);
	hpke_free(pair->receiver);
}

Test(hpke, opens_what_was_sealed_in_any_order)
{
	struct pair pair = pair_of("a", "a");
	uint8_t sealed[3][4 + HPKE_TAG_SIZE], opened[4], secrets[2][16];
	const char *texts[] = {"one.", "two.", "last"};

	for (unsigned int i = 0; i < 3; i++)
		cr_assert_eq(hpke_seal(pair.sender, &(struct hpke_message){"x", 1, texts[i], 4},
				     sealed[i]),
			0);
	for (unsigned int i = 3; i-- > 0;) {
		const struct hpke_message message = {"x", 1, sealed[i], sizeof(sealed[i])};

		cr_assert_eq(hpke_open_at(pair.receiver, i, &message, opened), 0);
		cr_expect_eq(memcmp(opened, texts[i], 4), 0);
	}
	cr_assert_eq(hpke_export(pair.sender, "s", 1, secrets[0], 16), 0);
	cr_assert_eq(hpke_export(pair.receiver, "s", 1, secrets[1], 16), 0);
	cr_expect_eq(memcmp(secrets[0], secrets[1], 16), 0);
	pair_done(&pair);
}

Test(hpke, seals_nothing_and_in_place)
{
	struct pair pair = pair_of("", "");
	uint8_t nothing[HPKE_TAG_SIZE], text[4 + HPKE_TAG_SIZE] = "text";

	cr_assert_eq(hpke_seal(pair.sender, &(struct hpke_message){"x", 1, NULL, 0}, nothing), 0);
	cr_assert_eq(hpke_seal(pair.sender, &(struct hpke_message){NULL, 0, text, 4}, text), 0);
	cr_expect_eq(hpke_open_at(pair.receiver, 0,
			     &(struct hpke_message){"x", 1, nothing, sizeof(nothing)}, nothing),
		0);
	cr_assert_eq(hpke_open_at(pair.receiver, 1,
			     &(struct hpke_message){NULL, 0, text, sizeof(text)}, text),
		0);
	cr_expect_eq(memcmp(text, "text", 4), 0);
	pair_done(&pair);
}

/* Each with the number, the AAD, the text and the receiver as they were; then one of them changed. */
Test(hpke, refuses_what_was_changed)
{
	struct pair pair = pair_of("a", "a"), other = pair_of("a", "a");
	uint8_t sealed[4 + HPKE_TAG_SIZE], changed[4 + HPKE_TAG_SIZE], opened[4];
	struct hpke_message message = {"aad", 3, sealed, sizeof(sealed)};

	cr_assert_eq(
		hpke_seal(pair.sender, &(struct hpke_message){"aad", 3, "text", 4}, sealed), 0);
	cr_assert_eq(hpke_open_at(pair.receiver, 0, &message, opened), 0);
	cr_expect_eq(hpke_open_at(pair.receiver, 1, &message, opened), -EBADMSG);
	cr_expect_eq(hpke_open_at(other.receiver, 0, &message, opened), -EBADMSG);
	message.aad = "add";
	cr_expect_eq(hpke_open_at(pair.receiver, 0, &message, opened), -EBADMSG);
	message.aad = "aad";
	for (size_t i = 0; i < sizeof(sealed); i++) {
		memcpy(changed, sealed, sizeof(sealed));
		changed[i] ^= 1;
		message.text = changed;
		cr_expect_eq(hpke_open_at(pair.receiver, 0, &message, opened), -EBADMSG);
	}
	message.text = sealed;
	for (message.text_size = 0; message.text_size < sizeof(sealed); message.text_size++)
		cr_expect_eq(hpke_open_at(pair.receiver, 0, &message, opened), -EBADMSG);
	cr_expect_eq(hpke_open_at(pair.receiver, 0, &message, opened), 0);
	pair_done(&pair);
	pair_done(&other);
}

Test(hpke, both_sides_must_mean_the_same)
{
	struct pair pair = pair_of("a", "b");
	uint8_t sealed[4 + HPKE_TAG_SIZE];

	cr_assert_eq(hpke_seal(pair.sender, &(struct hpke_message){NULL, 0, "text", 4}, sealed), 0);
	cr_expect_eq(hpke_open_at(pair.receiver, 0,
			     &(struct hpke_message){NULL, 0, sealed, sizeof(sealed)}, sealed),
		-EBADMSG);
	pair_done(&pair);
}

/* A sender can't open, a receiver can't seal, and a key of small order is none. */
Test(hpke, refuses_what_it_is_not_for)
{
	struct pair pair = pair_of("a", "a");
	uint8_t sealed[4 + HPKE_TAG_SIZE], zeros[HPKE_KEY_SIZE] = {0}, long_info[HPKE_INFO_MAX + 1];
	struct hpke_message message = {NULL, 0, "text", 4};
	struct hpke *none = NULL;

	cr_expect_eq(hpke_seal(pair.receiver, &message, sealed), -EINVAL);
	cr_assert_eq(hpke_seal(pair.sender, &message, sealed), 0);
	message = (struct hpke_message){NULL, 0, sealed, sizeof(sealed)};
	cr_expect_eq(hpke_open_at(pair.sender, 0, &message, sealed), -EINVAL);
	cr_expect_eq(hpke_open_at(pair.receiver, 0, &message, sealed), 0);
	cr_expect_eq(hpke_seal_begin(zeros, "a", 1, pair.enc, &none), -EBADMSG);
	cr_expect_eq(hpke_open_begin(pair.private_key, zeros, "a", 1, &none), -EBADMSG);
	memset(long_info, 'a', sizeof(long_info));
	cr_expect_eq(
		hpke_seal_begin(pair.public_key, long_info, sizeof(long_info), pair.enc, &none),
		-EINVAL);
	cr_expect_null(none);
	cr_assert_eq(
		hpke_seal_begin(pair.public_key, long_info, HPKE_INFO_MAX, pair.enc, &none), 0);
	hpke_free(none);
	pair_done(&pair);
}
