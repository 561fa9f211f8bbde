/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a device's events is not there, each with its number and a finding: given up, lost, never come, gone with
 * an older database, not as OCSF has them; and sums that a recount confirms.
 */
#include "tests/unit/console_ingest_fixture.h"

TestSuite(console_accounting, .init = fixture_begin, .fini = fixture_end);

Test(console_accounting, pruned_and_lost_records_are_accounted)
{
	static uint8_t pruned[SEGMENT_PRUNED_SIZE];
	struct segment_frame lost = {.count = 5000, .kind = SEGMENT_LOST};
	struct segment_record record;
	struct segment_header header;
	struct segment_run run;
	struct store_finding finding;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(segment_batch_parse(batches[0].bytes, batches[0].size, &header, &run), 0);
	cr_assert_eq(segment_run_next(&run, &record), 1);
	cr_assert_eq(segment_record_prune(&record, pruned), 0);
	memcpy(batches[0].bytes + header.size + SEGMENT_HASH_SIZE, pruned, sizeof(pruned));
	batches[0].size = header.size + SEGMENT_HASH_SIZE + sizeof(pruned);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 10);
	fixture_batch(&device, 1, 10, &batches[1]);
	lost.first_sequence = device.next;
	fixture_append(&device, &batches[1], &lost);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 5020);
	cr_expect_eq(account_of(0).delivered, 10);
	cr_expect_eq(account_of(0).pruned, 10);
	cr_expect_eq(account_of(0).lost, 5000);
	cr_expect_eq(findings_of("pruned", &finding), 1);
	cr_expect(finding.first == 1 && finding.last == 10);
	cr_expect_eq(findings_of("lost", &finding), 1);
	cr_expect(finding.first == 21 && finding.last == 5020);
	fixture_free(&device);
}

/* The time since it was first offered is the database's own: it is set back instead of waiting. */
static void offered_long_ago(void)
{
	struct store_device now = stored();

	now.offered_ms -= INGEST_OFFERS_MS + 1;
	FIXTURE_DO(store_device_advance(fixture_store, &now));
}

static void skip(uint64_t events)
{
	device.next += events;
	fixture_segment(&device);
}

Test(console_accounting, a_gap_that_the_device_insists_on_is_taken_and_found)
{
	struct store_finding finding;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	memset(device.link, 7, sizeof(device.link)); /* a record that nobody has any more */
	skip(90);
	fixture_batch(&device, 1, 10, &batches[1]);
	fixture_batch(&device, 1, 10, &batches[2]);
	for (unsigned int i = 0; i < 10; i++)
		cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_BATCH_GAP);
	offered_long_ago();
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_BATCH_GAP,
		"the segment's first record is still there");
	cr_expect_eq(fixture_events(), 10);
	cr_expect_eq(fixture_send(&device, &batches[1], &answer), REFUSAL_NONE);
	cr_expect_eq(answer.ack, 110);
	cr_expect_eq(account_of(0).missing, 90);
	cr_expect_eq(findings_of("gap", &finding), 1);
	cr_expect(finding.first == 11 && finding.last == 100);
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_NONE, "as ever");
	fixture_free(&device);
}

Test(console_accounting, a_gap_that_the_device_says_it_has_lost_is_taken_at_once)
{
	struct console_who who = {.id = 5, .address = "192.0.2.1", .is_after_loss = 1};

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	skip(90);
	fixture_batch(&device, 1, 10, &batches[1]);
	fixture_batch(&device, 1, 10, &batches[2]);
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	FIXTURE_DO(ingest_batch(
		fixture_ingest, fixture_store, &who, batches[2].bytes, batches[2].size, &answer));
	cr_expect_eq(answer.refusal, REFUSAL_BATCH_GAP, "it has the one before");
	FIXTURE_DO(ingest_batch(
		fixture_ingest, fixture_store, &who, batches[1].bytes, batches[1].size, &answer));
	cr_expect_eq(answer.refusal, REFUSAL_NONE);
	cr_expect_eq(account_of(0).missing, 90);
	cr_expect_eq(findings_of("gap", NULL), 1);
	fixture_free(&device);
}

Test(console_accounting, older_database_asks_for_what_the_device_still_has)
{
	struct store_finding finding;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	fixture_segment(&device);
	fixture_batch(&device, 1, 10, &batches[1]); /* acknowledged, and gone on both sides */
	fixture_segment(&device);
	fixture_batch(&device, 1, 10, &batches[2]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	FIXTURE_DO(store_devices_restored(fixture_store));
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_BATCH_GAP);
	cr_expect_eq(answer.ack, 10, "from there");
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_BATCH_GAP);
	offered_long_ago();
	cr_expect_eq(fixture_send(&device, &batches[2], &answer), REFUSAL_NONE);
	cr_expect_eq(findings_of("restored", &finding), 1);
	cr_expect(finding.first == 11 && finding.last == 20);
	cr_expect_eq(fixture_events(), 20);
	fixture_free(&device);
}

/* One event that is none of OCSF's, between others. */
static void send_odd(void)
{
	static const char odd[] = "{\"time\":1700000000000,\"class_uid\":4242}\n";
	struct segment_frame frame = {
		.count = 1, .kind = SEGMENT_NORMAL, .lines = odd, .size = sizeof(odd) - 1};

	fixture_batch(&device, 1, 10, &batches[0]);
	frame.first_sequence = device.next;
	fixture_append(&device, &batches[0], &frame);
	fixture_more(&device, 10, &batches[0]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
}

Test(console_accounting, what_is_not_as_ocsf_has_it_is_stored_and_told)
{
	struct store_finding finding;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_expect_eq(findings_of("event-not-ocsf", NULL), 0, "the control: good ones");
	cr_expect_eq(account_of(0).unfit, 0);
	send_odd();
	cr_expect_eq(fixture_events(), 31, "none is lost");
	cr_expect_eq(findings_of("event-not-ocsf", &finding), 1);
	cr_expect(finding.first == 21 && finding.last == 21);
	cr_expect(strstr(finding.text, "its class"), "%s", finding.text);
	cr_expect_eq(account_of(0).unfit, 1);
	send_odd();
	cr_expect_eq(account_of(0).unfit, 2, "counted");
	cr_expect_eq(findings_of("event-not-ocsf", NULL), 1, "and told once in a boot");
	device.boot[0]++;
	fixture_segment(&device);
	send_odd();
	cr_expect_eq(findings_of("event-not-ocsf", NULL), 2);
	fixture_free(&device);
}

struct counted {
	uint64_t by[8][STORE_VERDICT_MAX]; /* days from the first one on */
	uint64_t files, total;
};

static void count_one(
	struct counted *counted, int64_t day, uint32_t class_uid, uint8_t verdict, uint64_t count)
{
	int64_t at = day - 1700000000000 / 86400000;

	cr_assert(at >= 0 && at < 8 && verdict < STORE_VERDICT_MAX, "day %lld", (long long)day);
	counted->by[at][verdict] += count;
	counted->files += class_uid == 1001 ? count : 0;
	counted->total += count;
}

static bool on_tally(const struct store_tally *tally, void *userdata)
{
	count_one(userdata, tally->day, tally->class_uid, tally->verdict, tally->count);
	return true;
}

static bool on_event(const struct store_found *found, void *userdata)
{
	count_one(userdata, found->time_ms / 86400000, found->event.class_uid, found->event.verdict,
		1);
	return true;
}

/* What comes twice, in a refused batch, or differs by days, classes and verdicts. */
Test(console_accounting, sums_are_what_a_recount_says)
{
	static struct store_filter all;
	struct store_cursor cursor = {.is_upwards = true};
	struct counted sums = {0}, events = {0};
	int r;

	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 30; i++) { /* over midnight */
		fixture_batch(&device, 3, 100, &batches[0]);
		cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
		cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE, "again");
		batches[0].bytes[batches[0].size - 40] ^= 1;
		cr_expect_neq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	}
	while ((r = store_events(fixture_store, &all, &cursor, 1000, on_event, &events)) > 0)
		;
	cr_assert_eq(r, 0);
	cr_assert_eq(store_tallies(fixture_store, 0, on_tally, &sums), 0);
	cr_expect_eq(events.total, 9000);
	cr_expect(events.by[0][STORE_BLOCK] && events.by[1][STORE_BLOCK], "two days");
	cr_expect_arr_eq(&sums, &events, sizeof(sums));
	sums = (struct counted){0};
	cr_assert_eq(store_tallies(fixture_store, 99999, on_tally, &sums), 0);
	cr_expect_eq(sums.total, 0);
	fixture_free(&device);
}
