/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a device that asks for a lease: to whom, for how long, under which serial. */
#include "tests/unit/console_fixture.h"

#include <errno.h>

#include "common/lease.h"
#include "console/store/lease.h"

TestSuite(console_lease, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device, other;
static struct console_wish wish;

/* As keyring makes it, for the device with that uid and signed with that key. */
static size_t question(
	const uint8_t *uid, EVP_PKEY *key, uint64_t seen, char ret_text[LEASE_REQUEST_MAX])
{
	struct lease_request asked = {
		.boot = {7}, .asked_ms = 1234, .nonce = {9}, .seconds = 600, .seen = seen};
	uint8_t signature[SEGMENT_SIGNATURE_MAX];
	size_t signature_size;
	int size;

	memcpy(asked.device, uid, sizeof(asked.device));
	size = lease_request_write(&asked, ret_text);
	cr_assert_gt(size, 0);
	cr_assert_eq(fixture_sign(ret_text, (size_t)size, signature, &signature_size, key), 0);
	size = lease_add_signature(
		ret_text, (size_t)size, LEASE_REQUEST_MAX, signature, signature_size);
	cr_assert_gt(size, 0);
	return (size_t)size;
}

static uint16_t ask_with(const struct fixture_device *of, const void *text, size_t size)
{
	struct console_who who = {.id = 5, .address = "192.0.2.1"};
	uint16_t refusal;

	memset(&wish, 0, sizeof(wish));
	memcpy(who.certificate, of->fingerprint, sizeof(who.certificate));
	FIXTURE_DO(lease_decide(fixture_store, &who, text, size, &wish, &refusal));
	return refusal;
}

static uint16_t ask(const struct fixture_device *of, uint64_t seen)
{
	char text[LEASE_REQUEST_MAX];
	size_t size = question(of->uid, of->key, seen, text);

	return ask_with(of, text, size);
}

static void set_state(const struct fixture_device *of, uint8_t state)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, of->uid, &now), 0);
	FIXTURE_DO(store_device_set_state(fixture_store, now.id, state, "anna", "", 1));
}

Test(console_lease, a_trusted_device_gets_what_it_asked_for)
{
	fixture_device(&device, "pc-1");
	cr_assert_eq(ask(&device, 0), REFUSAL_NONE);
	cr_expect_eq(wish.id, 5);
	cr_expect_eq(wish.state, DEVICE_TRUSTED);
	cr_expect_eq(wish.seconds, 600);
	cr_expect_eq(wish.asked_ms, 1234);
	cr_expect_eq(wish.boot[0], 7);
	cr_expect_eq(wish.nonce[0], 9);
	cr_expect_arr_eq(wish.device, device.uid, sizeof(wish.device));
	cr_expect_arr_eq(wish.key, device.key_hash, sizeof(wish.key));
	cr_expect_gt(wish.serial, 0);
	fixture_free(&device);
}

Test(console_lease, each_change_has_a_higher_serial_and_asking_has_not)
{
	static const uint8_t states[] = {
		DEVICE_SUSPENDED, DEVICE_TRUSTED, DEVICE_SUSPENDED, DEVICE_REVOKED};
	uint64_t before;

	fixture_device(&device, "pc-1");
	cr_assert_eq(ask(&device, 0), REFUSAL_NONE);
	before = wish.serial;
	for (unsigned int i = 0; i < sizeof(states); i++) {
		set_state(&device, states[i]);
		cr_assert_eq(ask(&device, before), REFUSAL_NONE);
		cr_expect_eq(wish.state, states[i]);
		cr_expect_eq(wish.seconds, states[i] == DEVICE_TRUSTED ? 600 : 0);
		cr_expect_eq(wish.serial, before + 1);
		before = wish.serial;
		cr_assert_eq(ask(&device, before), REFUSAL_NONE);
		cr_expect_eq(wish.serial, before);
	}
	fixture_free(&device);
}

/* Who waits for approval is told so, and no more. */
Test(console_lease, a_pending_device_is_told_that_it_is)
{
	struct store_token token;
	char text[ENROLMENT_TOKEN_SIZE];

	fixture_key(&device);
	fixture_token(1, false, &token, text);
	cr_assert_eq(fixture_enrol(&device, text, "pc-1"), REFUSAL_NONE);
	cr_assert_eq(fixture_certified(&device), REFUSAL_NONE);
	cr_assert_eq(ask(&device, 0), REFUSAL_NONE);
	cr_expect_eq(wish.state, DEVICE_PENDING);
	cr_expect_eq(wish.seconds, 0);
	fixture_free(&device);
}

/* A backup knows less than the device: the next word is above what that has seen. */
Test(console_lease, a_restored_database_goes_on_above_what_devices_know)
{
	fixture_device(&device, "pc-1");
	cr_assert_eq(ask(&device, 41), REFUSAL_NONE);
	cr_expect_eq(wish.serial, 42);
	cr_assert_eq(ask(&device, 42), REFUSAL_NONE);
	cr_expect_eq(wish.serial, 42);
	set_state(&device, DEVICE_SUSPENDED);
	cr_assert_eq(ask(&device, 42), REFUSAL_NONE);
	cr_expect_eq(wish.serial, 43);
	cr_assert_eq(ask(&device, LEASE_NUMBER_MAX), REFUSAL_NONE);
	cr_expect_eq(wish.serial, 43, "it does not get beyond what can be written");
	fixture_free(&device);
}

Test(console_lease, a_question_is_the_devices_own)
{
	char text[LEASE_REQUEST_MAX];
	size_t size;

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	cr_expect_eq(ask(&device, 0), REFUSAL_NONE, "control");
	size = question(device.uid, other.key, 0, text);
	cr_expect_eq(ask_with(&device, text, size), REFUSAL_LEASE, "another's key");
	size = question(other.uid, device.key, 0, text);
	cr_expect_eq(ask_with(&device, text, size), REFUSAL_LEASE, "another's name");
	size = question(other.uid, other.key, 0, text);
	cr_expect_eq(ask_with(&device, text, size), REFUSAL_LEASE, "another's question");
	size = question(device.uid, device.key, 0, text);
	cr_expect_eq(ask_with(&device, text, size - 1), REFUSAL_LEASE, "cut off");
	text[80] = text[80] == 'a' ? 'b' : 'a'; /* of the boot */
	cr_expect_eq(ask_with(&device, text, size), REFUSAL_LEASE, "changed on the way");
	cr_expect_eq(ask_with(&device, "", 0), REFUSAL_LEASE);
	other.fingerprint[0] ^= 1;
	cr_expect_eq(ask(&other, 0), REFUSAL_CERTIFICATE_UNKNOWN);
	fixture_free(&device);
	fixture_free(&other);
}
