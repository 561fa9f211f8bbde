/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of labels as the store has them, and who is given which: decided by the real code over a real
 * database, with questions that a device signs.
 */
#include <errno.h>

#include "common/key_words.h"
#include "common/mark_id.h"
#include "console/store/release.h"
#include "console/store/store_keys.h"
#include "tests/unit/console_fixture.h"

TestSuite(console_key, .init = fixture_begin, .fini = fixture_end);

static const uint8_t one[CONSOLE_UID_SIZE] = {0xaa, 1}, two[CONSOLE_UID_SIZE] = {0xbb, 2};
static struct fixture_device device;

static void add(const uint8_t *label, uint32_t generation, const char *name)
{
	struct store_key key = {.generation = generation,
		.home = {9},
		.slot = generation + 10,
		.wrapped = {3, (uint8_t)generation},
		.made_ms = 1000 * generation};

	memcpy(key.label, label, sizeof(key.label));
	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	FIXTURE_DO(store_key_add(fixture_store, &key));
}

Test(console_key, generations_follow_each_other)
{
	static struct store_key rows[8];
	static char receipt[STORE_RECEIPT_SIZE];
	struct store_key again = {.generation = 2};

	add(one, 1, "acme/plans");
	add(one, 2, "acme/plans");
	add(two, 1, "acme/finance");
	cr_assert_eq(store_keys(fixture_store, one, rows, 8), 2);
	cr_expect_eq(rows[0].generation, 2);
	cr_expect_eq(rows[0].replaced_ms, 0);
	cr_expect_eq(rows[1].replaced_ms, 2000);
	cr_expect_eq(rows[1].slot, 11);
	cr_expect_eq(rows[1].wrapped[1], 1);
	cr_assert_eq(store_keys(fixture_store, NULL, rows, 8), 3);
	cr_expect_str_eq(rows[0].name, "acme/finance", "by name");
	cr_assert_eq(store_keys(fixture_store, NULL, rows, 2), 2, "no more than asked for");
	memcpy(again.label, one, sizeof(one));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(store_key_add(fixture_store, &again), -EEXIST);
	store_rollback(fixture_store);
	cr_assert_eq(store_keys(fixture_store, one, rows, 8), 2);
	rows[1].destroyed_ms = 77;
	FIXTURE_DO(store_key_destroy(fixture_store, &rows[1], "the receipt"));
	cr_assert_eq(store_keys(fixture_store, one, rows, 8), 2);
	cr_expect_eq(rows[1].destroyed_ms, 77);
	cr_expect_eq(rows[1].wrapped[0], 0, "what was wrapped is not kept");
	cr_expect_eq(rows[0].wrapped[0], 3, "control");
	cr_assert_eq(store_key_receipt(fixture_store, one, 1, receipt), 0);
	cr_expect_str_eq(receipt, "the receipt");
	cr_assert_eq(store_key_receipt(fixture_store, one, 2, receipt), 0);
	cr_expect_str_eq(receipt, "");
	cr_expect_eq(store_key_receipt(fixture_store, one, 3, receipt), -ENOENT);
}

static void sign(struct key_question *question, uint8_t *ret_bytes, size_t *ret_size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[128];
	size_t size = sizeof(signature);
	int r = key_question_write(question, ret_bytes);

	cr_assert_gt(r, 0);
	cr_assert(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, device.key, NULL) > 0);
	cr_assert(EVP_DigestSign(context, signature, &size, ret_bytes, (size_t)r) > 0);
	EVP_MD_CTX_free(context);
	r = key_question_add_signature(ret_bytes, (size_t)r, signature, size);
	cr_assert_gt(r, 0);
	*ret_size = (size_t)r;
}

static struct console_release release;

static uint16_t decide(const uint8_t *bytes, size_t size, const char *address)
{
	struct console_who who = {.id = 5};
	uint16_t refusal;

	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	(void)snprintf(who.address, sizeof(who.address), "%s", address);
	FIXTURE_DO(release_decide(fixture_store, &who, bytes, size, &release, &refusal));
	return refusal;
}

static uint64_t asked_ms;

static uint16_t ask(const uint8_t *label, bool is_verified, const char *address)
{
	struct key_question question = {.asked_ms = ++asked_ms,
		.boot = {1},
		.is_verified = is_verified,
		.label_count = 1,
		.ephemeral = {9}};
	uint8_t bytes[KEY_QUESTION_MAX];
	size_t size;

	memcpy(question.device, device.uid, sizeof(question.device));
	memcpy(question.labels[0], label, sizeof(question.labels[0]));
	sign(&question, bytes, &size);
	return decide(bytes, size, address);
}

Test(console_key, each_label_has_its_terms)
{
	struct store_key_terms terms = {
		.networks = "10.0.0.0/8 2001:db8::/32", .is_for_verified = true, .seconds = 7200};

	fixture_device(&device, "pc-1");
	add(one, 1, "acme/plans");
	add(one, 2, "acme/plans");
	cr_assert_eq(ask(one, false, "192.0.2.1"), REFUSAL_NONE);
	cr_expect_eq(release.count, 2);
	cr_expect_eq(release.keys[0].generation, 2);
	cr_expect(release.keys[0].is_newest && !release.keys[1].is_newest);
	cr_expect_eq(release.seconds, RELEASE_SECONDS);
	cr_expect_eq(ask(two, false, "192.0.2.1"), REFUSAL_KEY_UNKNOWN);
	memcpy(terms.label, one, sizeof(one));
	FIXTURE_DO(store_key_terms_set(fixture_store, &terms));
	cr_expect_eq(ask(one, true, "192.0.2.1"), REFUSAL_KEY_NETWORK);
	cr_expect_eq(ask(one, true, "2001:db9::1"), REFUSAL_KEY_NETWORK);
	cr_expect_eq(ask(one, false, "10.1.2.3"), REFUSAL_KEY_UNVERIFIED);
	cr_expect_eq(ask(one, true, "10.1.2.3"), REFUSAL_NONE);
	cr_expect_eq(release.seconds, 7200);
	cr_expect_eq(ask(one, true, "2001:db8::1"), REFUSAL_NONE);
	fixture_free(&device);
}

Test(console_key, what_is_destroyed_is_not_released)
{
	struct store_key key = {.generation = 2, .destroyed_ms = 5};

	fixture_device(&device, "pc-1");
	add(one, 1, "acme/plans");
	add(one, 2, "acme/plans");
	memcpy(key.label, one, sizeof(one));
	FIXTURE_DO(store_key_destroy(fixture_store, &key, "r"));
	cr_assert_eq(ask(one, false, "::1"), REFUSAL_NONE);
	cr_expect_eq(release.count, 1);
	cr_expect_eq(release.keys[0].generation, 1);
	cr_expect(release.keys[0].is_newest, "of those that there are");
	key.generation = 1;
	FIXTURE_DO(store_key_destroy(fixture_store, &key, "r"));
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_KEY_DESTROYED);
	fixture_free(&device);
}

Test(console_key, a_question_counts_once)
{
	struct key_question question = {
		.asked_ms = 50, .boot = {1}, .label_count = 1, .ephemeral = {9}};
	uint8_t bytes[KEY_QUESTION_MAX], later[KEY_QUESTION_MAX];
	size_t size, later_size;

	fixture_device(&device, "pc-1");
	add(one, 1, "acme/plans");
	memcpy(question.device, device.uid, sizeof(question.device));
	memcpy(question.labels[0], one, sizeof(one));
	sign(&question, bytes, &size);
	question.asked_ms = 60;
	sign(&question, later, &later_size);
	cr_assert_eq(decide(later, later_size, "::1"), REFUSAL_NONE);
	cr_expect_eq(decide(later, later_size, "::1"), REFUSAL_KEY_REPLAYED);
	cr_expect_eq(decide(bytes, size, "::1"), REFUSAL_KEY_REPLAYED, "from before that");
	question.boot[0] = 2;
	question.asked_ms = 10;
	sign(&question, bytes, &size);
	cr_expect_eq(decide(bytes, size, "::1"), REFUSAL_NONE, "of the next boot");
	later[70] ^= 1;
	cr_expect_eq(decide(later, later_size, "::1"), REFUSAL_KEY_QUESTION);
	question.asked_ms = 70;
	question.device[0] ^= 1;
	sign(&question, bytes, &size);
	cr_expect_eq(decide(bytes, size, "::1"), REFUSAL_KEY_QUESTION, "for another device");
	fixture_free(&device);
}

Test(console_key, a_device_does_not_ask_on_and_on)
{
	unsigned int good = 0;
	struct store_finding found[8];
	int count;

	fixture_device(&device, "pc-1");
	add(one, 1, "acme/plans");
	for (unsigned int i = 0; i < RELEASE_HOURLY + 5; i++)
		good += ask(one, false, "::1") == REFUSAL_NONE;
	cr_expect_eq(good, RELEASE_HOURLY);
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_RATE);
	count = store_findings(fixture_store, 0, found, 8);
	cr_assert_eq(count, 1, "one finding for them all");
	cr_expect_str_eq(found[0].kind, "key-refused");
	fixture_free(&device);
}

static void become(uint8_t state)
{
	struct store_device row;

	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &row), 0);
	FIXTURE_DO(store_device_set_state(fixture_store, row.id, state, "test", "", 1));
}

Test(console_key, only_while_it_is_trusted)
{
	fixture_device(&device, "pc-1");
	add(one, 1, "acme/plans");
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_NONE);
	become(DEVICE_PENDING);
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_DEVICE_PENDING);
	become(DEVICE_SUSPENDED);
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_DEVICE_SUSPENDED);
	become(DEVICE_TRUSTED);
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_NONE);
	become(DEVICE_REVOKED);
	cr_expect_eq(ask(one, false, "::1"), REFUSAL_DEVICE_REVOKED);
	fixture_free(&device);
}

Test(console_key, networks_are_checked)
{
	cr_expect(release_networks_are_good(""));
	cr_expect(release_networks_are_good("10.0.0.0/8"));
	cr_expect(release_networks_are_good("10.0.0.0/8 ::/0"));
	cr_expect_not(release_networks_are_good("10.0.0.0"));
	cr_expect_not(release_networks_are_good(" 10.0.0.0/8"));
	cr_expect_not(release_networks_are_good("10.0.0.0/8,::/0"));
	cr_expect_not(release_networks_are_good("10.0.0.0/33"));
	cr_expect_not(release_networks_are_good("host=x"));
}

/* A user's pen is of the newest generation, under a number that stays his; nobody is given the tenant's own. */
Test(console_key, pens_of_marks)
{
	const struct mark_id tenants = {.uid = MARK_ID_TENANT}, alice = {.uid = 2001},
			     part = {.part = MARK_OWN, .uid = 2001};
	uint8_t label[MARK_ID_SIZE], of_alice[MARK_ID_SIZE];
	struct mark_id given;
	struct store_mark owner;
	uint32_t subject, again;

	fixture_device(&device, "pc-1");
	mark_id_write(&alice, of_alice);
	cr_assert_eq(ask(of_alice, false, "192.0.2.1"), REFUSAL_KEY_UNKNOWN, "no key is made yet");
	mark_id_write(&tenants, label);
	add(label, 1, "@watermark");
	add(label, 2, "@watermark");
	cr_assert_eq(ask(of_alice, false, "192.0.2.1"), REFUSAL_NONE);
	cr_assert_eq(release.count, 1);
	cr_expect_eq(release.keys[0].generation, 2);
	cr_assert(mark_id_read(release.keys[0].label, &given));
	cr_expect_eq(given.uid, 2001);
	subject = given.subject;
	cr_assert_gt(subject, 0);
	cr_expect_eq(ask(label, false, "192.0.2.1"), REFUSAL_KEY_QUESTION, "the tenant's own");
	mark_id_write(&part, label);
	cr_expect_eq(ask(label, false, "192.0.2.1"), REFUSAL_KEY_QUESTION, "part of a pen");
	cr_assert_eq(ask(of_alice, false, "192.0.2.1"), REFUSAL_NONE, "control");
	cr_assert(mark_id_read(release.keys[0].label, &given));
	cr_expect_eq(given.subject, subject, "the same number");
	cr_assert_eq(store_mark_owner(fixture_store, subject, &owner), 0);
	cr_expect_eq(owner.uid, 2001);
	cr_expect_str_eq(owner.name, "");
	FIXTURE_DO(store_mark_named(fixture_store, owner.device, 2001, "alice"));
	cr_assert_eq(store_mark_owner(fixture_store, subject, &owner), 0);
	cr_expect_str_eq(owner.name, "alice");
	FIXTURE_DO(store_mark_subject(fixture_store, owner.device, 2002, 1, &again));
	cr_expect_neq(again, subject);
	cr_expect_eq(store_mark_owner(fixture_store, again + 1, &owner), -ENOENT);
	fixture_free(&device);
}
