/* SPDX-License-Identifier: Apache-2.0 */
/* The spool on a real disk: what goes in, what comes out, what stays. What power cuts do: spool_crash.c. */
#include "common/clock.h"
#include "tests/unit/spool_fixture.h"

TestSuite(spool, .init = fixture_make, .fini = fixture_unmake);

Test(spool, begins_where_it_is_told_and_makes_nothing)
{
	struct spool *spool = spool_of();

	cr_expect_eq(spool_next_sequence(spool), 1);
	cr_expect_eq(spool_synced_sequence(spool), 0);
	cr_expect_eq(see(spool, 0).events, 0);
	expect_no_losses(spool);
	spool_free(spool);
	cr_expect_eq(size_of(1, "seg"), -1);
	options.first_sequence = 500;
	spool = spool_of();
	cr_expect_eq(spool_next_sequence(spool), 500);
	spool_free(spool);
}

Test(spool, gives_what_it_got)
{
	auto_call(spool_freep) struct spool *spool = spool_of();
	struct seen seen;

	cr_assert_eq(append(spool, 1, 100, SEGMENT_NORMAL), 0);
	cr_assert_eq(append(spool, 101, 1, SEGMENT_ALERT), 0);
	cr_expect_eq(size_of(1, "seg"), SPOOL_SEGMENT_SIZE);
	seen = see(spool, 0);
	cr_expect_eq(seen.events, 101);
	cr_expect_eq(seen.alerts, 1);
	cr_expect_eq(seen.batches, 1);
	seen = see(spool, 50);
	cr_expect_eq(seen.first, 1, "whole records");
	seen = see(spool, 100);
	cr_expect_eq(seen.first, 101);
	cr_expect_eq(see(spool, 101).events, 0);
}

Test(spool, alerts_are_synced_at_once_and_others_when_due)
{
	auto_call(spool_freep) struct spool *spool = spool_of();

	cr_expect_eq(spool_sync_due_ns(spool), UINT64_MAX);
	cr_assert_eq(append(spool, 1, 99, SEGMENT_NORMAL), 0);
	cr_expect_eq(spool_synced_sequence(spool), 0);
	cr_expect_eq(see(spool, 0).events, 0, "it could still be taken back");
	cr_expect_gt(spool_sync_due_ns(spool), clock_boot_ns() - SPOOL_SYNC_NS);
	cr_expect_leq(spool_sync_due_ns(spool), clock_boot_ns() + SPOOL_SYNC_NS);
	cr_assert_eq(append(spool, 100, 1, SEGMENT_NORMAL), 0);
	cr_expect_eq(spool_sync_due_ns(spool), 0, "enough of them");
	cr_assert_eq(spool_sync(spool, false), 0);
	cr_expect_eq(spool_synced_sequence(spool), 100);
	cr_expect_eq(see(spool, 0).events, 100);
	cr_assert_eq(append(spool, 101, 1, SEGMENT_ALERT), 0);
	cr_expect_eq(spool_synced_sequence(spool), 101);
	cr_expect_eq(spool_sync_due_ns(spool), UINT64_MAX);
}

Test(spool, what_the_engine_lost_is_said_and_what_comes_twice_is_skipped)
{
	auto_call(spool_freep) struct spool *spool = spool_of();
	struct spool_status status;
	struct seen seen;

	cr_assert_eq(append(spool, 1, 10, SEGMENT_NORMAL), 0);
	cr_assert_eq(append(spool, 1, 10, SEGMENT_NORMAL), 0);
	cr_expect_eq(spool_next_sequence(spool), 11);
	cr_assert_eq(append(spool, 6, 10, SEGMENT_NORMAL), 0);
	cr_expect_eq(spool_next_sequence(spool), 16);
	cr_assert_eq(append(spool, 20, 10, SEGMENT_NORMAL), 0);
	cr_assert_eq(append(spool, 3, 1, SEGMENT_ALERT), 0, "a repeat is synced too");
	cr_expect_eq(spool_synced_sequence(spool), 29);
	seen = see(spool, 0);
	cr_expect_eq(seen.events, 29);
	cr_expect_eq(seen.gaps, 0);
	cr_expect_eq(seen.lost, 4);
	spool_status(spool, &status);
	cr_expect_eq(status.lost, 4);
	cr_expect_eq(append(spool, UINT64_C(1) << 40, 1, SEGMENT_NORMAL), -ERANGE);
	cr_expect_eq(append(spool, 30, 1, SEGMENT_NORMAL), 0);
}

Test(spool, frames_that_are_none_are_refused)
{
	auto_call(spool_freep) struct spool *spool = spool_of();
	struct segment_frame frame = {1, 2, SEGMENT_NORMAL, "a\n", 2};

	cr_expect_eq(spool_append(spool, &frame), -EINVAL);
	frame = (struct segment_frame){1, 1, SEGMENT_LOST, "a\n", 2};
	cr_expect_eq(spool_append(spool, &frame), -EINVAL);
	frame = (struct segment_frame){0, 1, SEGMENT_NORMAL, "a\n", 2};
	cr_expect_eq(spool_append(spool, &frame), -EINVAL);
	frame = (struct segment_frame){1, 0, SEGMENT_NORMAL, "", 0};
	cr_expect_eq(spool_append(spool, &frame), -EINVAL);
	frame = (struct segment_frame){1, SEGMENT_EVENTS_MAX + 1, SEGMENT_NORMAL, "a\n", 2};
	cr_expect_eq(spool_append(spool, &frame), -EINVAL);
	frame = (struct segment_frame){1, 1, SEGMENT_NORMAL, "a\n", 2};
	cr_expect_eq(spool_append(spool, &frame), 0);
}

Test(spool, a_start_goes_on_in_a_new_segment)
{
	struct spool *spool = spool_of();
	struct spool_proof proof;

	fill(spool, 100);
	spool_free(spool);
	cr_expect_eq(size_of(1, "seg"), SPOOL_SEGMENT_SIZE);
	spool = spool_of();
	expect_no_losses(spool);
	cr_expect_lt(size_of(1, "seg"), 4096, "what it did not use is given back");
	cr_expect_eq(spool_next_sequence(spool), 101);
	cr_expect_eq(spool_synced_sequence(spool), 100);
	fill(spool, 200);
	cr_expect_eq(size_of(2, "seg"), SPOOL_SEGMENT_SIZE);
	cr_expect_eq(see(spool, 0).events, 200);
	cr_expect_eq(see(spool, 0).gaps, 0);
	proof = prove();
	cr_expect(is_well(&proof));
	spool_free(spool);
	cr_expect_eq(keys.signatures, 2, "one a segment");
}

Test(spool, what_is_acknowledged_goes_but_not_the_place)
{
	struct spool_status status;
	struct spool_proof proof;
	struct spool *spool;

	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 1000);
	spool_status(spool, &status);
	cr_expect_gt(status.segments, 3);
	cr_expect_eq(status.waiting, 1000);
	cr_expect_neq(status.oldest_ms, 0);
	cr_expect_eq(status.bytes, status.segments * SMALL);
	cr_assert_eq(spool_ack(spool, 500), 0);
	cr_expect_eq(size_of(1, "seg"), -1);
	spool_status(spool, &status);
	cr_expect_eq(status.waiting, 500);
	cr_expect_eq(see(spool, 500).events, 500);
	proof = prove();
	cr_expect(is_well(&proof));
	cr_assert_eq(spool_ack(spool, UINT64_MAX), 0);
	spool_status(spool, &status);
	cr_expect_eq(status.segments, 1);
	cr_expect_eq(status.waiting, 0);
	cr_expect_eq(status.acked_sequence, 1000);
	spool_free(spool);
	spool = spool_of();
	cr_expect_eq(spool_next_sequence(spool), 1001);
	cr_assert_eq(spool_ack(spool, 1000), 0);
	spool_free(spool);
	spool = spool_of();
	cr_expect_eq(spool_next_sequence(spool), 1001);
	fill(spool, 1010);
	cr_assert_eq(spool_ack(spool, 1000), 0);
	spool_status(spool, &status);
	cr_expect_eq(status.segments, 1);
	spool_free(spool);
}

Test(spool, has_one_writer)
{
	struct spool *spool = spool_of(), *other = NULL;
	struct spool_proof proof;

	fill(spool, 10);
	cr_expect_eq(spool_open(directory, &options, &other), -EBUSY);
	proof = prove();
	cr_expect(is_well(&proof), "anybody may look");
	cr_expect_eq(proof.events, 10);
	spool_free(spool);
	cr_assert_eq(spool_open(directory, &options, &other), 0);
	spool_free(other);
}

Test(spool, a_signer_that_refuses_is_told_and_asked_again)
{
	auto_call(spool_freep) struct spool *spool = spool_of();

	keys.refusal = -EACCES;
	cr_expect_eq(append(spool, 1, 1, SEGMENT_ALERT), -EACCES);
	cr_expect_eq(spool_next_sequence(spool), 1);
	keys.refusal = 0;
	cr_expect_eq(append(spool, 1, 1, SEGMENT_ALERT), 0);
}

Test(spool, a_new_console_key_is_for_the_next_segment)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = sizeof(bytes)};
	struct spool *spool = spool_of();
	struct segment_record record;
	struct segment_header header;
	struct fixture_keys other;
	struct segment_run run;
	auto_free char *lines = NULL;
	size_t size;

	fixture_keys_make(&other);
	fill(spool, 10);
	spool_set_console_key(spool, other.public_key);
	fill(spool, 20);
	cr_assert_eq(spool_read(spool, 0, &batch), 1);
	cr_expect_eq(batch.last_sequence, 10, "the first one ends");
	cr_assert_eq(spool_read(spool, 10, &batch), 1);
	cr_expect_eq(batch.last_sequence, 20);
	spool_free(spool);
	memcpy(options.console_key, other.public_key, HPKE_KEY_SIZE);
	spool = spool_of();
	spool_set_console_key(spool, other.public_key);
	fill(spool, 30);
	fill(spool, 40);
	cr_assert_eq(spool_read(spool, 20, &batch), 1);
	cr_expect_eq(batch.last_sequence, 40, "the same key ends none");
	cr_assert_eq(segment_batch_parse(batch.bytes, batch.size, &header, &run), 0);
	cr_assert_eq(segment_run_next(&run, &record), 1);
	cr_assert_eq(segment_opener_new(&header, other.private_key, &opener), 0);
	cr_expect_eq(segment_open_record(opener, &record, &lines, &size), 0);
	spool_free(spool);
	EVP_PKEY_free(other.device);
}

/* Filled to 30 with two keys; the console has 5 of them, and has destroyed the first key. */
Test(spool, what_the_console_has_no_key_for_is_given_up)
{
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = sizeof(bytes)};
	struct spool *spool = spool_of();
	struct spool_losses losses;
	struct spool_proof proof;
	struct fixture_keys other;

	fixture_keys_make(&other);
	fill(spool, 20);
	cr_expect_eq(spool_drop_foreign(spool), 0, "the control: all is sealed to its key");
	cr_assert_eq(spool_ack(spool, 5), 0);
	spool_set_console_key(spool, other.public_key);
	cr_expect_eq(spool_drop_foreign(spool), 1, "also the one being written to");
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_eq(losses.missing, 15);
	cr_expect(losses.missing_first == 6 && losses.missing_last == 20);
	cr_expect_eq(spool_next_sequence(spool), 21, "numbers go on");
	cr_expect_eq(spool_read(spool, 5, &batch), 0);
	fill(spool, 30);
	cr_assert_eq(spool_read(spool, 5, &batch), 1);
	cr_expect(batch.first_sequence == 21 && batch.last_sequence == 30);
	cr_expect_eq(spool_drop_foreign(spool), 0);
	spool_free(spool);
	memcpy(options.console_key, other.public_key, HPKE_KEY_SIZE);
	spool = spool_of();
	cr_expect_eq(spool_next_sequence(spool), 31, "also after a start");
	cr_assert_eq(spool_verify(directory, keys.device, &proof), 0);
	cr_expect(!proof.bad_segments && !proof.broken_links && !proof.bad_signatures);
	spool_free(spool);
	EVP_PKEY_free(other.device);
}

Test(spool, batches_are_as_small_as_asked)
{
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = 2000};
	auto_call(spool_freep) struct spool *spool = spool_of();
	uint64_t after = 0;
	unsigned int batches = 0;

	fill(spool, 1000);
	for (; spool_read(spool, after, &batch) > 0; batches++) {
		cr_expect_eq(batch.first_sequence, after + 1);
		cr_expect_leq(batch.size, 2000);
		after = batch.last_sequence;
	}
	cr_expect_eq(after, 1000);
	cr_expect_gt(batches, 5);
	batch.size_max = 300;
	cr_expect_eq(spool_read(spool, 0, &batch), -ENOBUFS);
	batch.size_max = sizeof(bytes);
	cr_expect_eq(spool_read(spool, 0, &batch), 1);
}

Test(spool, limits_that_do_not_go_together_are_refused)
{
	struct spool *spool = NULL;

	options.segment_size = 4095;
	cr_expect_eq(spool_open(directory, &options, &spool), -EINVAL);
	options.segment_size = SPOOL_SEGMENT_SIZE_MAX + 1;
	cr_expect_eq(spool_open(directory, &options, &spool), -EINVAL);
	options.segment_size = SMALL;
	options.size_max = 4 * SMALL - 1;
	cr_expect_eq(spool_open(directory, &options, &spool), -EINVAL);
	cr_expect_null(spool);
	options.size_max = 4 * SMALL;
	cr_expect_eq(spool_open(directory, &options, &spool), 0);
	cr_expect_eq(
		append(spool, 1, 100, SEGMENT_NORMAL), -EMSGSIZE, "larger than a segment may be");
	cr_expect_eq(append(spool, 1, 10, SEGMENT_NORMAL), 0);
	spool_free(spool);
}
