/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of labels, from the device's question to memory and out of it again: the console's side is played
 * here with the same words, and with wrong ones.
 */
#include "tests/unit/anchors_fixture.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/keyring/keys.h"
#include "common/clock.h"
#include "common/log.h"

static struct ca_pair root, issuing, trust, other_root, other_issuing, other_trust;
static X509_STORE *anchors;
static char directory[] = "/tmp/keys-XXXXXX";
static struct device_key *device;
static struct keys *keys;
static uint8_t question[KEY_QUESTION_MAX];
static size_t question_size;

static const uint8_t uid[KEY_WORDS_ID_SIZE] = {0xde, 0x71, 0xce};
static const struct keyring_want want = {.count = 2, .labels = {{0xaa, 1}, {0xbb, 2}}};
static const uint8_t key_one[LABEL_KEY_SIZE] = "one, which is a secret by itself";
static const uint8_t key_two[LABEL_KEY_SIZE] = "two, which is older, and as good";

static void make_all(void)
{
	const struct device_key_plan plan = {.directory = directory, .tpm_fd = -EBADF};
	time_t now = time(NULL);

	log_open("test", false);
	cr_assert_eq(ca_root_new(TENANT, now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_trust_new(&issuing, now, &trust), 0);
	cr_assert_eq(ca_root_new(TENANT, now, &other_root), 0);
	cr_assert_eq(ca_issuing_new(&other_root, NULL, now, &other_issuing), 0);
	cr_assert_eq(ca_trust_new(&other_issuing, now, &other_trust), 0);
	anchors = anchors_of(&root);
	cr_assert(mkdtemp(directory));
	cr_assert_eq(device_key_open(&plan, &device), 0);
	cr_assert_eq(device_key_make(device, KEYRING_CURRENT), 0);
	cr_assert_eq(keys_new(SECRET_WISH_LOCKED, &keys), 0);
}

static void free_all(void)
{
	char command[64];

	keys_free(keys);
	device_key_free(device);
	X509_STORE_free(anchors);
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(keys, .init = make_all, .fini = free_all);

static int ask(void)
{
	int r = keys_ask(keys, device, uid, question);

	if (r > 0)
		question_size = (size_t)r;
	return r;
}

static EVP_PKEY *public_key(void)
{
	uint8_t der[512];
	const uint8_t *at = der;
	int size = device_key_public(device, KEYRING_CURRENT, der, sizeof(der));

	return d2i_PUBKEY(NULL, &at, size);
}

static void hash(const void *bytes, size_t size, uint8_t *ret_hash)
{
	cr_assert(EVP_Digest(bytes, size, ret_hash, NULL, EVP_sha256(), NULL));
}

/* What the console would answer, and what is made wrong on the way. */
struct answer {
	const struct ca_pair *signer, *issuer;
	uint32_t seconds;
	const uint8_t *label;
	bool is_of_another_device, is_to_another_question, is_changed;
};

static int grant(const struct answer *answer)
{
	struct key_question asked;
	struct key_grant given = {.seconds = answer->seconds};
	uint8_t bytes[KEY_GRANT_MAX], text[KEY_TEXT_MAX], info[KEY_INFO_SIZE], device_hash[32],
		der[512];
	struct key_item items[] = {{.generation = 2, .is_newest = true, .key = key_one},
		{.generation = 1, .key = key_two}};
	auto_call(hpke_freep) struct hpke *hpke = NULL;
	int size = 0, r;

	for (int i = 0; i < 2; i++) {
		memcpy(items[i].label, answer->label, sizeof(items[i].label));
		size = key_text_add(text, (size_t)size, &items[i]);
		cr_assert(size > 0);
	}
	cr_assert_eq(key_question_parse(question, question_size, &asked), 0);
	hash(question, question_size, given.question);
	if (answer->is_to_another_question)
		given.question[0] ^= 1;
	r = device_key_public(device, KEYRING_CURRENT, der, sizeof(der));
	hash(der, (size_t)r, device_hash);
	if (answer->is_of_another_device)
		device_hash[0] ^= 1;
	key_info(asked.device, device_hash, given.question, info);
	cr_assert_eq(hpke_seal_begin(asked.ephemeral, info, sizeof(info), given.enc, &hpke), 0);
	given.sealed_size = (uint16_t)(size + HPKE_TAG_SIZE);
	cr_assert_eq(hpke_seal(hpke,
			     &(const struct hpke_message){.text = text, .text_size = (size_t)size},
			     given.sealed),
		0);
	explicit_bzero(text, sizeof(text)); /* the sender's copy */
	r = key_grant_write(&given,
		&(const struct lease_signer){answer->signer->key, answer->signer->certificate,
			answer->issuer->certificate},
		bytes);
	cr_assert(r > 0, "%d", r);
	if (answer->is_changed)
		bytes[100] ^= 1;
	return keys_grant(keys, bytes, (size_t)r, anchors);
}

static struct answer good(void)
{
	return (struct answer){
		.signer = &trust, .issuer = &issuing, .seconds = 3600, .label = want.labels[0]};
}

static const uint8_t *find(uint32_t generation)
{
	uint32_t found;

	return keys_find(keys, want.labels[0], generation, &found);
}

Test(keys, a_question_is_of_this_device_and_signed)
{
	struct key_question asked;
	EVP_PKEY *key = public_key(), *other = EVP_EC_gen("P-256");

	cr_expect_eq(ask(), -ENODATA, "nothing is wanted yet");
	keys_want(keys, &want);
	cr_assert_gt(ask(), 0);
	cr_assert_eq(key_question_parse(question, question_size, &asked), 0);
	cr_expect_eq(asked.label_count, 2);
	cr_expect_arr_eq(asked.device, uid, sizeof(uid));
	cr_expect(key_question_is_signed(question, question_size, key));
	cr_expect_not(key_question_is_signed(question, question_size, other));
	for (size_t i = 0; i < question_size; i++) {
		question[i] ^= 1;
		cr_expect_not(key_question_is_signed(question, question_size, key), "byte %zu", i);
		question[i] ^= 1;
	}
	cr_expect_eq(key_question_parse(question, question_size - 1, &asked), -EBADMSG);
	cr_expect_eq(ask(), -ENODATA, "one is under way");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

Test(keys, a_grant_brings_all_generations)
{
	struct answer answer = good();
	struct keyring_keys state;
	uint32_t generation;
	const uint8_t *newest;

	keys_want(keys, &want);
	cr_assert_gt(ask(), 0);
	cr_expect_null(find(0));
	cr_assert_eq(grant(&answer), 2);
	newest = keys_find(keys, want.labels[0], 0, &generation);
	cr_assert_not_null(newest);
	cr_expect_eq(generation, 2);
	cr_expect_arr_eq(newest, key_one, sizeof(key_one));
	cr_assert_not_null(find(1));
	cr_expect_arr_eq(find(1), key_two, sizeof(key_two));
	cr_expect_null(find(3));
	keys_state(keys, &state);
	cr_expect_eq(state.granted, 1);
	cr_expect_eq(state.labels[0].generation, 2);
	cr_expect_eq(state.labels[0].generations, 2);
	cr_expect_eq(state.labels[1].generation, 0);
	cr_expect_eq(ask(), -ENODATA, "what the console does not have is not asked for at once");
	cr_expect_eq(grant(&answer), -ESTALE, "the same again");
}

Test(keys, what_is_not_the_consoles_word_is_not_taken)
{
	struct answer wrong[] = {good(), good(), good(), good(), good(), good(), good()};
	const int errors[] = {-EKEYREJECTED, -EKEYREJECTED, -EKEYREJECTED, -EBADMSG, -ESTALE,
		-EBADMSG, -EKEYREJECTED};

	wrong[0].signer = &other_trust;
	wrong[0].issuer = &other_issuing;
	wrong[1].signer = &issuing; /* may certify, not say */
	wrong[2].is_changed = true;
	wrong[3].is_of_another_device = true;
	wrong[4].is_to_another_question = true;
	wrong[5].label = want.labels[1];
	wrong[6].signer = &other_trust; /* with our issuer's certificate beside it */
	keys_want(keys, &(const struct keyring_want){.count = 1, .labels = {{0xaa, 1}}});
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		int r = ask();

		if (r == -ENODATA) { /* the one before was left waiting */
			keys_drop(keys, NULL, KEYRING_DROP_PERSON);
			r = ask();
		}
		cr_assert_gt(r, 0);
		cr_expect_eq(grant(&wrong[i]), errors[i], "%zu", i);
		cr_expect_null(find(0), "%zu", i);
	}
	keys_drop(keys, NULL, KEYRING_DROP_PERSON);
	cr_assert_gt(ask(), 0);
	cr_expect_eq(grant(&(struct answer){.signer = &trust,
			     .issuer = &issuing,
			     .seconds = 1,
			     .label = want.labels[0]}),
		2, "control");
}

static void filled(uint32_t seconds)
{
	struct answer answer = good();

	answer.seconds = seconds;
	keys_want(keys, &want);
	cr_assert_gt(ask(), 0);
	cr_assert_eq(grant(&answer), 2);
	cr_assert_not_null(find(0));
}

/* Whether these bytes are anywhere in this process, but where the test itself has them. */
static unsigned int copies_of(const uint8_t *key, const void *except, size_t except_size)
{
	FILE *maps = fopen("/proc/self/maps", "re"), *memory = fopen("/proc/self/mem", "re");
	unsigned int count = 0;
	char line[512], mode[8];
	unsigned long start, end;

	cr_assert(maps && memory);
	while (fgets(line, sizeof(line), maps)) {
		uint8_t *bytes;

		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3 || mode[0] != 'r' ||
			mode[1] != 'w')
			continue;
		bytes = mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
		if (fseek(memory, (long)start, SEEK_SET) == 0 &&
			fread(bytes, 1, end - start, memory) == end - start)
			for (size_t i = 0; i + LABEL_KEY_SIZE <= end - start; i++)
				if (!memcmp(bytes + i, key, LABEL_KEY_SIZE) &&
					!(start + i >= (unsigned long)except &&
						start + i < (unsigned long)except + except_size))
					count++;
		explicit_bzero(bytes, end - start);
		(void)munmap(bytes, end - start);
	}
	(void)fclose(maps);
	(void)fclose(memory);
	return count;
}

Test(keys, dropping_wipes_and_says_so)
{
	struct keyring_keys state;
	const uint8_t *place;

	filled(3600);
	place = find(0);
	keys_drop(keys, want.labels[1], KEYRING_DROP_LOCK);
	cr_expect_not_null(find(0), "another label's");
	keys_drop(keys, want.labels[0], KEYRING_DROP_LOCK);
	cr_expect_null(find(0));
	for (int i = 0; i < LABEL_KEY_SIZE; i++)
		cr_expect_eq(place[i], 0);
	keys_state(keys, &state);
	cr_expect_eq(state.labels[0].drop, KEYRING_DROP_LOCK);
	cr_expect_eq(state.labels[0].generation, 0);
}

Test(keys, what_the_policy_does_not_want_any_more_goes)
{
	filled(3600);
	keys_want(keys, &(const struct keyring_want){.count = 1, .labels = {{0xbb, 2}}});
	keys_want(keys, &want);
	cr_expect_null(find(0));
}

Test(keys, their_time_ends)
{
	struct keyring_keys state;

	filled(2);
	cr_expect_gt(keys_tick(keys), 0);
	cr_expect_not_null(find(0));
	(void)sleep(2);
	(void)usleep(100000);
	(void)keys_tick(keys);
	cr_expect_null(find(0));
	keys_state(keys, &state);
	cr_expect_eq(state.labels[0].drop, KEYRING_DROP_TIME);
}

Test(keys, shut_is_shut)
{
	struct answer answer = good();

	filled(3600);
	keys_shut(keys, KEYRING_DROP_LEASE);
	cr_expect_null(find(0));
	cr_expect_eq(ask(), -ENODATA);
	cr_expect_eq(grant(&answer), -ESTALE);
	keys_open(keys);
	cr_expect_gt(ask(), 0);
	cr_expect_eq(grant(&answer), 2);
}

Test(keys, asleep_none_is_here_whoever_opens_them)
{
	struct answer answer = good();
	struct keyring_keys state;

	filled(3600);
	keys_sleep(keys, true);
	cr_expect_null(find(0));
	keys_state(keys, &state);
	cr_expect(state.is_shut);
	cr_expect_eq(state.labels[0].drop, KEYRING_DROP_SUSPEND);
	keys_open(keys); /* a word of the console's */
	cr_expect_not(keys_need(keys));
	cr_expect_eq(ask(), -ENODATA);
	cr_expect_eq(grant(&answer), -ESTALE);
	keys_shut(keys, KEYRING_DROP_LEASE);
	keys_sleep(keys, false);
	cr_expect_eq(ask(), -ENODATA, "shut it is still");
	keys_open(keys);
	cr_expect(keys_need(keys));
	cr_expect_gt(ask(), 0);
	cr_expect_eq(grant(&answer), 2);
}

Test(keys, a_refusal_is_kept_and_waited_for)
{
	struct keyring_keys state;

	keys_want(keys, &want);
	cr_assert_gt(ask(), 0);
	keys_refused(keys, "DEVICE_PENDING");
	cr_expect_eq(ask(), -ENODATA, "not at once again");
	keys_state(keys, &state);
	cr_expect_eq(state.refused, 1);
	cr_expect_str_eq(state.code, "DEVICE_PENDING");
	keys_want(keys,
		&(const struct keyring_want){.is_verified = 1, .count = 1, .labels = {{0xaa, 1}}});
	cr_expect_gt(ask(), 0, "the user has verified: that may have been it");
}

Test(keys, a_revoked_device_has_none_left)
{
	filled(2);
	(void)usleep(1100000);
	cr_assert_gt(ask(), 0, "half of its time is over");
	keys_refused(keys, "KEY_UNKNOWN");
	cr_expect_not_null(find(0), "control");
	(void)usleep(50000);
	keys_drop(keys, want.labels[1], KEYRING_DROP_PERSON);
	keys_want(keys, &(const struct keyring_want){
				.is_verified = 1, .count = 2, .labels = {{0xaa, 1}, {0xbb, 2}}});
	cr_assert_gt(ask(), 0);
	keys_refused(keys, "DEVICE_REVOKED");
	cr_expect_null(find(0));
}

static const uint8_t *gone_label;
static unsigned int gone;

static void on_drop(const uint8_t *label, void *userdata)
{
	(void)userdata;
	gone_label = label;
	gone++;
	if (label)
		cr_expect_not_null(find(0), "it is told before");
}

Test(keys, who_uses_them_is_told)
{
	filled(3600);
	keys_on_drop(keys, on_drop, NULL);
	keys_drop(keys, want.labels[0], KEYRING_DROP_LOCK);
	cr_expect_eq(gone, 1);
	cr_expect_not_null(gone_label);
	keys_drop(keys, NULL, KEYRING_DROP_LOCK);
	cr_expect_eq(gone, 2);
	cr_expect_null(gone_label);
}

/* In OpenSSL's heap, on the stack, in what was sent: nowhere but in the one place. */
Test(keys, no_copy_is_left_behind)
{
	uint8_t turned[LABEL_KEY_SIZE];
	const uint8_t *place;
	unsigned int before;

	before = copies_of(key_one, NULL, 0);
	filled(3600);
	place = find(0);
	cr_expect_eq(copies_of(key_one, place, LABEL_KEY_SIZE), before);
	memcpy(turned, place, sizeof(turned));
	cr_expect_gt(copies_of(key_one, place, LABEL_KEY_SIZE), 0, "control: it finds this copy");
	explicit_bzero(turned, sizeof(turned));
}

Test(secret_memory, each_kind_holds_and_wipes)
{
	struct secret_memory memory;

	cr_assert_eq(secret_memory_open(10000, SECRET_WISH_LOCKED, &memory), 0);
	cr_expect(memory.place == SECRET_LOCKED || memory.place == SECRET_UNLOCKED);
	cr_expect_geq(memory.size, 10000);
	memset(memory.start, 7, memory.size);
	secret_memory_close(&memory);
	cr_expect_null(memory.start);
	cr_assert_eq(secret_memory_open(10000, SECRET_WISH_SECRET, &memory), 0);
	if (memory.place == SECRET_MEMFD) {
		FILE *file = fopen("/proc/self/mem", "re");
		char byte;

		memset(memory.start, 7, memory.size);
		cr_assert(file);
		(void)setvbuf(file, NULL, _IONBF, 0);
		cr_expect(fseek(file, (long)memory.start, SEEK_SET) == 0 &&
				  fread(&byte, 1, 1, file) == 0,
			"/proc/self/mem reads it");
		(void)fclose(file);
	}
	secret_memory_close(&memory);
}
