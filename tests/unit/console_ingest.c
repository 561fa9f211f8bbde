/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each event once: repeats, overlaps, reordering, gaps, copies of a device, others' segments and
 * keys. Every refusal stands beside the same batch unspoilt, which is taken.
 */
#include "tests/unit/console_fixture.h"

#include <errno.h>

TestSuite(console_ingest, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;
static struct fixture_batch batches[4];
static struct console_device answer;

static struct store_device stored(void)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &now), 0);
	return now;
}

static struct store_account account_of(unsigned int number)
{
	struct store_account accounts[8];

	cr_assert_gt(store_accounts(fixture_store, stored().id, accounts, 8), (int)number);
	return accounts[number];
}

static int findings_of(const char *kind, struct store_finding *ret_last)
{
	static struct store_finding findings[64];
	int count = store_findings(fixture_store, 0, findings, 64), found = 0;

	for (int i = 0; i < count; i++)
		if (!strcmp(findings[i].kind, kind) && found++ == 0 && ret_last)
			*ret_last = findings[i];
	return found;
}

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

Test(console_ingest, pruned_and_lost_records_are_accounted)
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

Test(console_ingest, a_gap_that_the_device_insists_on_is_taken_and_found)
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

Test(console_ingest, a_gap_that_the_device_says_it_has_lost_is_taken_at_once)
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

Test(console_ingest, older_database_asks_for_what_the_device_still_has)
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

Test(console_ingest, what_is_not_as_ocsf_has_it_is_stored_and_told)
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
Test(console_ingest, sums_are_what_a_recount_says)
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
