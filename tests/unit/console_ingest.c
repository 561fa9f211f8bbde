/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each event once: repeats, overlaps, reordering, copies of a device, others' segments and
 * keys. Every refusal stands beside the same batch unspoilt, which is taken. What is lost on the way is
 * console_accounting.c's.
 */
#include "tests/unit/console_ingest_fixture.h"

#include <errno.h>

TestSuite(console_ingest, .init = fixture_begin, .fini = fixture_end);

Test(console_ingest, batches_in_order)
{
	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 100, &batches[0]);
	fixture_batch(&device, 3, 20, &batches[1]);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 100);
	cr_expect_eq(answer.state, DEVICE_TRUSTED);
	cr_expect_arr_eq(answer.seal_key, ingest_public_key(fixture_ingest), 32);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 160);
	cr_expect_arr_eq(answer.link, device.link, sizeof(device.link));
	cr_expect_eq(fixture_events(), 160);
	cr_expect_eq(account_of(0).delivered, 160);
	cr_expect_eq(account_of(0).coalesced, 32, "two with every tenth event");
	cr_expect_eq(account_of(0).missing, 0);
	cr_expect_eq(findings_of("gap", NULL), 0);
	fixture_free(&device);
}

Test(console_ingest, repeats_are_passed_over_without_complaint)
{
	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 3; i++)
		fixture_batch(&device, 2, 10, &batches[i]);
	for (unsigned int i = 0; i < 3; i++)
		cr_assert_eq(fixture_send(&device, &batches[i], &answer), REFUSAL_NONE);
	for (unsigned int i = 0; i < 3; i++) {
		cr_expect_eq(fixture_send(&device, &batches[i], &answer), REFUSAL_NONE);
		cr_expect_eq(answer.ack, 60);
	}
	cr_expect_eq(fixture_events(), 60);
	cr_expect_eq(account_of(0).delivered, 60);
	cr_expect_eq(findings_of("chain-conflict", NULL), 0);
	fixture_free(&device);
}

/* The answer was lost, and meanwhile more was appended: the next batch holds both. */
Test(console_ingest, overlap_takes_only_what_is_new)
{
	static struct fixture_batch both;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 2, 10, &batches[0]);
	both = batches[0];
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	fixture_batch(&device, 1, 10, &batches[1]);
	{
		size_t head = segment_sealer_header(device.sealer)->size + SEGMENT_HASH_SIZE;

		memcpy(both.bytes + both.size, batches[1].bytes + head, batches[1].size - head);
		both.size += batches[1].size - head;
	}
	cr_expect_eq(fixture_send(&device, &both, &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 30);
	cr_expect_eq(fixture_events(), 30);
	fixture_free(&device);
}

Test(console_ingest, reordered_is_a_gap_until_the_first_has_come)
{
	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 3; i++)
		fixture_batch(&device, 1, 10, &batches[i]);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_BATCH_GAP);
	cr_expect_eq(answer.ack, 0, "it is told from where to send");
	cr_expect_eq(fixture_events(), 0);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_BATCH_GAP);
	cr_expect_eq(answer.ack, 10);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_NONE);
	cr_expect_eq(fixture_events(), 30);
	fixture_free(&device);
}

Test(console_ingest, segments_and_boots_follow_each_other)
{
	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	device.boot[0] = 2;
	fixture_segment(&device);
	fixture_batch(&device, 1, 10, &batches[1]);
	fixture_segment(&device);
	fixture_batch(&device, 1, 1, &batches[2]);
	for (unsigned int i = 0; i < 3; i++)
		cr_expect_eq(fixture_send(&device, &batches[i], &answer), REFUSAL_NONE);
	cr_expect_eq(fixture_events(), 21);
	cr_expect_eq(account_of(0).delivered, 11);
	cr_expect_eq(account_of(0).boot[0], 2);
	cr_expect_eq(account_of(1).delivered, 10);
	fixture_free(&device);
}

/* Events from before the device knew of a console: its first header says that nothing was before. */
Test(console_ingest, a_chain_may_begin_above_one)
{
	fixture_device(&device, "pc-1");
	device.next = 5001;
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 5010);
	cr_expect_eq(account_of(0).missing, 0);
	fixture_free(&device);
}

/* Both have the same key and the same spool, as a copied virtual machine has. */
Test(console_ingest, a_copy_of_the_device_is_a_conflict)
{
	static struct fixture_device copy;
	struct store_finding finding;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	copy = device;
	copy.sealer = NULL;
	copy.boot[0] = 9;
	fixture_segment(&device);
	fixture_batch(&device, 1, 10, &batches[1]);
	fixture_segment(&copy);
	fixture_batch(&copy, 1, 10, &batches[2]);
	fixture_batch(&copy, 1, 10, &batches[3]);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE, "the first one");
	cr_expect_eq(fixture_send(&copy, &batches[2], &answer), REFUSAL_BATCH_CHAIN);
	cr_expect_eq(fixture_send(&copy, &batches[2], &answer), REFUSAL_BATCH_CHAIN);
	cr_expect_eq(fixture_send(&copy, &batches[3], &answer), REFUSAL_BATCH_CHAIN);
	cr_expect_eq(fixture_events(), 20);
	cr_expect_eq(findings_of("chain-conflict", &finding), 2, "each place once");
	cr_expect(strstr(finding.text, "09000000-"), "%s", finding.text);
	fixture_batch(&device, 1, 10, &batches[1]);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE, "goes on");
	segment_sealer_free(copy.sealer);
	fixture_free(&device);
}

/* Set back to an earlier state, it makes other events under numbers that are stored. */
Test(console_ingest, a_device_that_was_set_back_is_a_conflict_not_a_repeat)
{
	static struct fixture_device before;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	before = device;
	before.sealer = NULL;
	fixture_segment(&device);
	fixture_batch(&device, 3, 10, &batches[1]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_assert_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	fixture_segment(&before);
	fixture_batch(&before, 1, 10, &batches[2]);
	cr_expect_eq(fixture_send(&before, &batches[2], &answer), REFUSAL_BATCH_CHAIN);
	cr_expect_eq(fixture_events(), 40);
	segment_sealer_free(before.sealer);
	fixture_free(&device);
}

Test(console_ingest, of_another_device)
{
	static struct fixture_device other;

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_expect_eq(fixture_send(&other, &batches[0], &answer), REFUSAL_BATCH_DEVICE);
	cr_expect_eq(fixture_events(), 0);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	fixture_free(&other);
	fixture_free(&device);
}

Test(console_ingest, signed_by_another_key)
{
	static struct fixture_device thief;

	fixture_device(&device, "pc-1");
	thief = device;
	thief.key = EVP_EC_gen("P-256");
	fixture_batch(&thief, 1, 10, &batches[0]);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_BATCH_SIGNATURE);
	fixture_batch(&device, 1, 10, &batches[1]);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	fixture_free(&thief);
	fixture_free(&device);
}

Test(console_ingest, sealed_to_another_console)
{
	static const uint8_t other_key[HPKE_KEY_SIZE] = {9};
	struct ingest *other, *ours = fixture_ingest;
	static struct fixture_device twin;

	fixture_device(&device, "pc-1");
	twin = device;
	cr_assert_eq(ingest_new(other_key, &other), 0);
	fixture_ingest = other;
	fixture_batch(&twin, 1, 10, &batches[0]);
	fixture_ingest = ours;
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_BATCH_KEY);
	fixture_batch(&device, 1, 10, &batches[1]);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	ingest_free(other);
	segment_sealer_free(twin.sealer);
	fixture_free(&device);
}

/* Whatever byte is changed, it is refused, and nothing of the batch is stored. */
Test(console_ingest, each_byte_matters)
{
	static struct fixture_batch spoilt;
	unsigned int refused = 0;
	size_t first_size;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 3, &batches[0]);
	first_size = batches[0].size;
	fixture_more(&device, 3, &batches[0]);
	for (size_t i = 0; i < batches[0].size; i++) {
		spoilt = batches[0];
		spoilt.bytes[i] ^= 0x40;
		refused += fixture_send(&device, &spoilt, &answer) != REFUSAL_NONE;
	}
	cr_expect_eq(refused, batches[0].size);
	for (size_t size = 0; size < batches[0].size; size += 7) {
		if (size == first_size)
			continue; /* a shorter batch, which is fine */
		cr_expect_neq(fixture_send_as(device.fingerprint, batches[0].bytes, size, &answer),
			REFUSAL_NONE, "%zu bytes", size);
	}
	cr_expect_eq(fixture_events(), 0);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(fixture_events(), 6);
	fixture_free(&device);
}

Test(console_ingest, what_is_no_event)
{
	static const char *const lines[] = {"{}\n", "[1]\n", "{\"time\":1}\n", "x\n", "\n",
		"{\"time\":1,\"class_uid\":1001}{}\n"};

	fixture_device(&device, "pc-1");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		static struct fixture_device twin;
		struct segment_frame frame = {.count = 1, .kind = SEGMENT_NORMAL};

		twin = device;
		twin.sealer = NULL;
		fixture_batch(&twin, 1, 10, &batches[0]); /* good ones before it */
		frame.first_sequence = twin.next;
		frame.lines = lines[i];
		frame.size = strlen(lines[i]);
		fixture_append(&twin, &batches[0], &frame);
		cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_BATCH_EVENT, "%s",
			lines[i]);
		cr_expect_eq(answer.ack, 0);
		segment_sealer_free(twin.sealer);
	}
	cr_expect_eq(fixture_events(), 0, "nor the good ones");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	fixture_free(&device);
}

Test(console_ingest, states_are_asked_for_at_every_request)
{
	static const struct {
		uint8_t state;
		uint16_t refusal;
	} rows[] = {{DEVICE_PENDING, REFUSAL_DEVICE_PENDING},
		{DEVICE_SUSPENDED, REFUSAL_DEVICE_SUSPENDED},
		{DEVICE_REVOKED, REFUSAL_DEVICE_REVOKED}, {DEVICE_TRUSTED, REFUSAL_NONE}};

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FIXTURE_DO(store_device_set_state(
			fixture_store, stored().id, rows[i].state, "uid 0", "test", 5));
		cr_expect_eq(fixture_send(&device, &batches[0], &answer), rows[i].refusal);
		cr_expect_eq(fixture_events(), rows[i].refusal ? 0 : 10);
	}
	cr_expect_eq(fixture_send_as(device.key_hash, batches[0].bytes, batches[0].size, &answer),
		REFUSAL_CERTIFICATE_UNKNOWN);
	fixture_free(&device);
}

Test(console_ingest, a_renewed_key_does_not_strand_what_the_old_one_signed)
{
	struct console_enrol renew = {.id = 1};
	struct console_device renewed;
	static struct fixture_device next;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	next = device;
	fixture_key(&next);
	memcpy(renew.certificate, device.fingerprint, sizeof(renew.certificate));
	memcpy(renew.key, next.key_hash, sizeof(renew.key));
	FIXTURE_DO(enrolment_renew(fixture_store, &renew, &renewed));
	cr_assert_eq(renewed.refusal, REFUSAL_NONE);
	cr_assert_eq(fixture_certified(&next), REFUSAL_NONE);
	cr_expect_eq(fixture_send_as(next.fingerprint, batches[0].bytes, batches[0].size, &answer),
		REFUSAL_NONE);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_CERTIFICATE_REPLACED);
	EVP_PKEY_free(next.key);
	fixture_free(&device);
}

/* What is refused does not take what shares its transaction with it. */
Test(console_ingest, one_transaction_for_many)
{
	static struct fixture_device other;
	struct console_who who = {.id = 1};
	struct console_device first, second, third;

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	fixture_batch(&device, 1, 10, &batches[0]);
	fixture_batch(&other, 2, 10, &batches[1]);
	batches[1].bytes[batches[1].size - 1] ^= 1; /* the second record's link */
	fixture_batch(&device, 1, 10, &batches[2]);
	cr_assert_eq(store_begin(fixture_store), 0);
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	cr_assert_eq(ingest_batch(fixture_ingest, fixture_store, &who, batches[0].bytes,
			     batches[0].size, &first),
		0);
	memcpy(who.certificate, other.fingerprint, sizeof(who.certificate));
	cr_assert_eq(ingest_batch(fixture_ingest, fixture_store, &who, batches[1].bytes,
			     batches[1].size, &second),
		0);
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	cr_assert_eq(ingest_batch(fixture_ingest, fixture_store, &who, batches[2].bytes,
			     batches[2].size, &third),
		0);
	cr_assert_eq(store_commit(fixture_store), 0);
	cr_expect_eq(first.refusal, REFUSAL_NONE);
	cr_expect_eq(second.refusal, REFUSAL_BATCH_FORMAT);
	cr_expect_eq(second.ack, 0);
	cr_expect_eq(third.refusal, REFUSAL_NONE);
	cr_expect_eq(third.ack, 20);
	cr_expect_eq(fixture_events(), 20);
	fixture_free(&other);
	fixture_free(&device);
}
