/* SPDX-License-Identifier: Apache-2.0 */
/* Orders to destroy: given once, withdrawn while nobody was told, ended by the device's own receipt. */
#include "tests/unit/console_fixture.h"

#include <errno.h>
#include <openssl/pem.h>

#include "common/wipe_receipt.h"
#include "console/store/audit.h"
#include "console/store/lease.h"
#include "console/store/wipe.h"

TestSuite(console_wipe, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device, other;
static struct console_wish wish;

static void load(const struct fixture_device *of, struct store_device *ret_device)
{
	cr_assert_eq(store_device_by_uid(fixture_store, of->uid, ret_device), 0);
}

static int order(const struct fixture_device *of, enum lease_order what)
{
	struct store_order wanted = {.what = (uint8_t)what, .ordered_ms = 5};
	struct store_device stored;
	int r;

	(void)strcpy(wanted.who, "anna");
	load(of, &stored);
	cr_assert_eq(store_begin(fixture_store), 0);
	r = wipe_order(fixture_store, &stored, &wanted);
	if (r < 0)
		store_rollback(fixture_store);
	else
		cr_assert_eq(store_commit(fixture_store), 0);
	return r;
}

static int withdraw(const struct fixture_device *of)
{
	struct store_device stored;
	int r;

	load(of, &stored);
	cr_assert_eq(store_begin(fixture_store), 0);
	r = wipe_withdraw(fixture_store, &stored, 6);
	if (r < 0)
		store_rollback(fixture_store);
	else
		cr_assert_eq(store_commit(fixture_store), 0);
	return r;
}

/* What it would be told now. */
static void ask(const struct fixture_device *of)
{
	struct lease_request asked = {.boot = {7}, .asked_ms = 1234, .nonce = {9}, .seconds = 600};
	struct console_who who = {.id = 5, .address = "192.0.2.1"};
	uint8_t signature[SEGMENT_SIGNATURE_MAX];
	char text[LEASE_REQUEST_MAX];
	size_t signature_size;
	uint16_t refusal;
	int size;

	memcpy(asked.device, of->uid, sizeof(asked.device));
	memcpy(who.certificate, of->fingerprint, sizeof(who.certificate));
	size = lease_request_write(&asked, text);
	cr_assert_eq(fixture_sign(text, (size_t)size, signature, &signature_size, of->key), 0);
	size = lease_add_signature(text, (size_t)size, sizeof(text), signature, signature_size);
	FIXTURE_DO(lease_decide(fixture_store, &who, text, (size_t)size, &wish, &refusal));
	cr_assert_eq(refusal, REFUSAL_NONE);
}

static struct wipe_receipt receipt_of(const struct fixture_device *of, uint64_t number)
{
	struct wipe_receipt receipt = {.tenant = "acme",
		.order = number,
		.what = LEASE_ORDER_WIPE,
		.begun_s = 10,
		.ended_s = 20,
		.removed = 3};

	memcpy(receipt.device, of->uid, sizeof(receipt.device));
	memcpy(receipt.key, of->key_hash, sizeof(receipt.key));
	return receipt;
}

/* Signed by `by`, with the certificate of `with`, sent by `of`. */
static uint16_t send_as(const struct wipe_receipt *receipt, const struct fixture_device *by,
	const struct fixture_device *with, const struct fixture_device *of)
{
	static char text[WIPE_RECEIPT_MAX];
	const unsigned char *at = with->certificate;
	X509 *certificate = d2i_X509(NULL, &at, (long)with->certificate_size);
	BIO *pem = BIO_new(BIO_s_mem());
	struct console_who who = {.id = 5, .address = "192.0.2.1"};
	uint8_t signature[SEGMENT_SIGNATURE_MAX];
	struct store_device stored;
	size_t signature_size;
	uint16_t refusal;
	bool is_changed;
	char *bytes;
	int size = wipe_receipt_write(receipt, text);
	long pem_size;

	cr_assert_gt(size, 0);
	cr_assert_eq(fixture_sign(text, (size_t)size, signature, &signature_size, by->key), 0);
	size = lease_add_signature(
		text, (size_t)size, WIPE_RECEIPT_TEXT, signature, signature_size);
	cr_assert(PEM_write_bio_X509(pem, certificate));
	pem_size = BIO_get_mem_data(pem, &bytes);
	memcpy(text + size, bytes, (size_t)pem_size);
	BIO_free(pem);
	X509_free(certificate);
	memcpy(who.certificate, of->fingerprint, sizeof(who.certificate));
	FIXTURE_DO(wipe_receipt_take(fixture_store, &who, text, (size_t)(size + pem_size), &stored,
		&is_changed, &refusal));
	return refusal;
}

static uint16_t send_receipt(const struct fixture_device *of, uint64_t number)
{
	const struct wipe_receipt receipt = receipt_of(of, number);

	return send_as(&receipt, of, of, of);
}

static struct store_order last(const struct fixture_device *of)
{
	struct store_order order = {0};
	struct store_device stored;

	load(of, &stored);
	cr_assert_eq(store_order_last(fixture_store, stored.id, &order), 0);
	return order;
}

Test(console_wipe, an_order_is_in_the_word_until_its_receipt_is_there)
{
	static char text[STORE_ORDER_RECEIPT_SIZE];
	struct store_device stored;
	struct store_audit row;
	uint64_t serial;

	fixture_device(&device, "pc-1");
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_NONE, "control");
	cr_expect_eq(wish.state, DEVICE_TRUSTED, "control");
	serial = wish.serial;
	cr_assert_eq(order(&device, LEASE_ORDER_WIPE), 0);
	cr_expect_eq(last(&device).sent_ms, 0);
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_WIPE);
	cr_expect_eq(wish.order_number, 1);
	cr_expect_eq(wish.state, DEVICE_SUSPENDED, "it has no use of what it destroys");
	cr_expect_gt(wish.serial, serial);
	cr_expect_neq(last(&device).sent_ms, 0);
	load(&device, &stored);
	cr_expect_eq(stored.state, DEVICE_TRUSTED, "it delivers what it still has");

	cr_expect_eq(send_receipt(&device, 1), REFUSAL_NONE);
	cr_expect_neq(last(&device).done_ms, 0);
	load(&device, &stored);
	cr_expect_eq(stored.state, DEVICE_SUSPENDED);
	cr_assert_eq(store_order_receipt(fixture_store, stored.id, 1, text), 0);
	cr_expect_eq(strncmp(text, "holdfast-wipe-receipt 1\n", 24), 0);
	cr_assert_eq(store_audit_last(fixture_store, &row), 0);
	cr_expect_str_eq(row.act, "device wiped");
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_NONE);
	cr_expect_gt(wish.serial, serial + 1);
	cr_expect_eq(send_receipt(&device, 1), REFUSAL_NONE, "once more is as good");
	cr_expect_eq(store_audit_last(fixture_store, &row), 0);
	cr_expect_eq(row.id, 1, "and written down once");
	fixture_free(&device);
}

Test(console_wipe, only_what_nobody_was_told_is_withdrawn)
{
	fixture_device(&device, "pc-1");
	cr_expect_eq(withdraw(&device), -ENOENT);
	cr_assert_eq(order(&device, LEASE_ORDER_FILES), 0);
	cr_expect_eq(order(&device, LEASE_ORDER_KEYS), -EALREADY, "one at a time");
	cr_expect_eq(withdraw(&device), 0);
	cr_expect_eq(withdraw(&device), -EALREADY);
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_NONE);
	cr_expect_eq(wish.state, DEVICE_TRUSTED);
	cr_assert_eq(order(&device, LEASE_ORDER_KEYS), 0);
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_KEYS);
	cr_expect_eq(wish.order_number, 2, "numbers are not used twice");
	cr_expect_eq(withdraw(&device), -EALREADY, "the device may have begun");
	fixture_free(&device);
}

Test(console_wipe, a_receipt_is_the_devices_own)
{
	struct wipe_receipt receipt;

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	cr_expect_eq(send_receipt(&device, 1), REFUSAL_RECEIPT, "without an order");
	cr_assert_eq(order(&device, LEASE_ORDER_WIPE), 0);
	cr_expect_eq(send_receipt(&device, 1), REFUSAL_RECEIPT, "before it was told");
	ask(&device);
	receipt = receipt_of(&device, 1);
	cr_expect_eq(send_as(&receipt, &other, &device, &device), REFUSAL_RECEIPT, "another's key");
	cr_expect_eq(send_as(&receipt, &device, &device, &other), REFUSAL_RECEIPT, "by another");
	cr_expect_eq(send_as(&receipt, &other, &other, &other), REFUSAL_RECEIPT, "of another");
	receipt.order = 2;
	cr_expect_eq(send_as(&receipt, &device, &device, &device), REFUSAL_RECEIPT, "other order");
	receipt.order = 1;
	receipt.what = LEASE_ORDER_KEYS;
	cr_expect_eq(send_as(&receipt, &device, &device, &device), REFUSAL_RECEIPT, "less of it");
	cr_expect_eq(send_receipt(&device, 0), REFUSAL_RECEIPT, "revoked is who was revoked");
	cr_expect_eq(last(&device).done_ms, 0);
	cr_expect_eq(send_receipt(&device, 1), REFUSAL_NONE, "control");
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_wipe, a_revoked_device_says_what_its_policy_had_it_destroy)
{
	struct store_device stored;

	fixture_device(&device, "pc-1");
	load(&device, &stored);
	FIXTURE_DO(store_device_set_state(fixture_store, stored.id, DEVICE_REVOKED, "anna", "", 1));
	cr_expect_eq(send_receipt(&device, 0), REFUSAL_NONE);
	cr_expect_str_eq(last(&device).who, "its policy");
	cr_expect_neq(last(&device).done_ms, 0);
	load(&device, &stored);
	cr_expect_eq(stored.state, DEVICE_REVOKED);
	cr_expect_eq(send_receipt(&device, 0), REFUSAL_NONE);
	cr_assert_eq(order(&device, LEASE_ORDER_FILES), 0, "and can be ordered more");
	ask(&device);
	cr_expect_eq(wish.order, LEASE_ORDER_FILES);
	cr_expect_eq(wish.state, DEVICE_REVOKED);
	fixture_free(&device);
}

Test(console_wipe, what_could_not_be_destroyed_is_a_finding)
{
	static struct store_finding findings[2];
	struct wipe_receipt receipt;

	fixture_device(&device, "pc-1");
	cr_assert_eq(order(&device, LEASE_ORDER_WIPE), 0);
	ask(&device);
	receipt = receipt_of(&device, 1);
	receipt.failed = 1;
	receipt.failure_count = 1;
	(void)strcpy(receipt.failures[0], "/srv/a: Read-only file system");
	cr_expect_eq(send_as(&receipt, &device, &device, &device), REFUSAL_NONE);
	cr_assert_eq(store_findings(fixture_store, 0, findings, 2), 1);
	cr_expect_str_eq(findings[0].kind, "wipe-incomplete");
	cr_expect(strstr(findings[0].text, "/srv/a"), "%s", findings[0].text);
	fixture_free(&device);
}
