/* SPDX-License-Identifier: Apache-2.0 */
/* Filters and pages of events, copies of the database, and what is no database of ours. */
#include "tests/unit/console_fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(console_store, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device, other;
static struct fixture_batch batch;
static struct console_device answer;

static struct store_device stored(const struct fixture_device *of)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, of->uid, &now), 0);
	return now;
}

/* Two devices, 300 events each, in turns of 10: numbers 1 to 300. */
static void fill(void)
{
	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	for (unsigned int i = 0; i < 30; i++) {
		fixture_batch(&device, 1, 10, &batch);
		cr_assert_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
		fixture_batch(&other, 1, 10, &batch);
		cr_assert_eq(fixture_send(&other, &batch, &answer), REFUSAL_NONE);
	}
}

struct seen {
	unsigned int count, most;
	int64_t last_ms, last_id;
	bool is_upwards, is_by_arrival;
	uint64_t sum;
};

static bool see(const struct store_found *found, void *userdata)
{
	struct seen *seen = userdata;

	if (seen->count && !seen->is_upwards && !seen->is_by_arrival)
		cr_expect(found->time_ms < seen->last_ms ||
			  (found->time_ms == seen->last_ms && found->id < seen->last_id));
	if (seen->count && seen->is_upwards)
		cr_expect_gt(found->id, seen->last_id);
	cr_expect_eq(found->json[0], '{');
	cr_expect_eq(found->json[found->event.size - 1], '}');
	seen->last_ms = found->time_ms;
	seen->last_id = found->id;
	seen->sum += found->event.sequence;
	return ++seen->count != seen->most;
}

/* In pages and pieces of any size it is the same; how many. */
static unsigned int count_of(const struct store_filter *filter)
{
	static const unsigned int pages[] = {1000, 100, 7, 1}, looks[] = {5000, 64, 3, 1};
	unsigned int first = 0;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 4; i++) {
		struct store_cursor cursor = {0};
		struct seen seen = {.is_by_arrival = filter->text[0] || filter->file[0]};
		int r = 1;

		while (r > 0) {
			seen.most = seen.count + pages[i];
			r = store_events(fixture_store, filter, &cursor, looks[i], see, &seen);
			cr_assert_geq(r, 0);
		}
		if (i == 0) {
			first = seen.count;
			sum = seen.sum;
		}
		cr_expect_eq(seen.count, first, "pages of %u", pages[i]);
		cr_expect_eq(seen.sum, sum);
	}
	return first;
}

Test(console_store, filters_and_pages)
{
	fill();
	cr_expect_eq(count_of(&(struct store_filter){0}), 600);
	cr_expect_eq(count_of(&(struct store_filter){.device = stored(&device).id}), 300);
	cr_expect_eq(count_of(&(struct store_filter){.class_uid = 4001}), 200);
	cr_expect_eq(count_of(&(struct store_filter){.class_uid = 4002}), 0);
	cr_expect_eq(count_of(&(struct store_filter){
			     .verdict_min = STORE_WARN, .verdict_max = STORE_BLOCK}),
		150);
	cr_expect_eq(count_of(&(struct store_filter){
			     .verdict_min = STORE_ALLOW, .verdict_max = STORE_ALLOW}),
		450);
	cr_expect_eq(count_of(&(struct store_filter){.user = "anna"}), 200);
	cr_expect_eq(count_of(&(struct store_filter){.user = "nobody"}), 0);
	cr_expect_eq(count_of(&(struct store_filter){.user = "anna",
			     .device = stored(&other).id,
			     .verdict_min = STORE_BLOCK,
			     .verdict_max = STORE_BLOCK}),
		25);
	cr_expect_eq(count_of(&(struct store_filter){.text = "\"message\":\"event 77\""}), 2);
	cr_expect_eq(count_of(&(struct store_filter){.file = "report-77.odt"}), 2);
	cr_expect_eq(count_of(&(struct store_filter){.file = "event 77"}), 0, "not of a file");
	cr_expect_eq(count_of(&(struct store_filter){.text = "nothing of it"}), 0);
	cr_expect_eq(count_of(&(struct store_filter){.since_ms = 1700000000000 + 291000}), 20);
	cr_expect_eq(count_of(&(struct store_filter){.until_ms = 1700000000000 + 11000}), 20);
	cr_expect_eq(count_of(&(struct store_filter){.since_ms = 1700000000000 + 11000,
			     .until_ms = 1700000000000 + 21000,
			     .text = "event"}),
		20);
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_store, following_sees_each_that_comes_once)
{
	struct store_cursor cursor = {.is_upwards = true};
	struct seen seen = {.is_upwards = true};
	struct store *reader;

	fill();
	cr_assert_eq(store_open(fixture_path, STORE_READ, &reader), 0);
	cr_assert_eq(store_event_last(reader, &cursor.place), 0);
	for (unsigned int i = 1; i <= 5; i++) {
		fixture_batch(&device, 1, 10, &batch);
		cr_assert_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
		while (store_events(reader, &(struct store_filter){0}, &cursor, 4, see, &seen) > 0)
			;
		cr_expect_eq(seen.count, i * 10);
	}
	store_free(reader);
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_store, what_is_not_committed_is_not_seen_and_not_there)
{
	struct console_who who = {.id = 1};
	struct store *reader;
	struct store_totals totals;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batch);
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	cr_assert_eq(store_open(fixture_path, STORE_READ, &reader), 0);
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(
		ingest_batch(fixture_ingest, fixture_store, &who, batch.bytes, batch.size, &answer),
		0);
	cr_assert_eq(store_totals(reader, &totals), 0);
	cr_expect_eq(totals.events, 0);
	store_rollback(fixture_store);
	cr_expect_eq(fixture_events(), 0);
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
	cr_assert_eq(store_totals(reader, &totals), 0);
	cr_expect_eq(totals.events, 10);
	store_free(reader);
	fixture_free(&device);
}

Test(console_store, readers_do_not_write)
{
	struct store *reader;

	cr_assert_eq(store_open(fixture_path, STORE_READ, &reader), 0);
	cr_expect_lt(store_set(reader, "a", "b"), 0);
	FIXTURE_DO(store_set(fixture_store, "a", "b"));
	store_free(reader);
}

#ifndef FIXTURE_POSTGRES /* of files */
Test(console_store, a_backup_is_whole_while_others_write)
{
	char copy[128];
	struct store *restored;
	struct store_totals totals;

	(void)snprintf(copy, sizeof(copy), "%s/copy.db", fixture_directory);
	fill();
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(store_set(fixture_store, "half", "way"), 0);
	cr_assert_eq(store_backup(fixture_path, copy), 0);
	cr_assert_eq(store_commit(fixture_store), 0);
	cr_expect_eq(store_backup(fixture_path, copy), -EEXIST);
	cr_assert_eq(store_open(copy, STORE_READ, &restored), 0);
	cr_assert_eq(store_totals(restored, &totals), 0);
	cr_expect_eq(totals.events, 600);
	{
		char value[16];

		cr_expect_eq(store_get(restored, "half", value, sizeof(value)), -ENOENT);
	}
	store_free(restored);
	fixture_free(&device);
	fixture_free(&other);
}

/* The backup is put in place of what the devices have gone on from since. */
Test(console_store, restored_devices_go_on)
{
	char copy[128];
	struct fixture_batch later;

	(void)snprintf(copy, sizeof(copy), "%s/copy.db", fixture_directory);
	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batch);
	cr_assert_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
	cr_assert_eq(store_backup(fixture_path, copy), 0);
	fixture_batch(&device, 1, 10, &later);
	cr_assert_eq(fixture_send(&device, &later, &answer), REFUSAL_NONE);
	store_free(fixture_store);
	cr_assert_eq(rename(copy, fixture_path), 0);
	cr_assert_eq(store_open(fixture_path, STORE_WRITE, &fixture_store), 0);
	FIXTURE_DO(store_devices_restored(fixture_store));
	cr_expect_eq(fixture_events(), 10);
	cr_expect_eq(fixture_send(&device, &later, &answer), REFUSAL_NONE, "sent again");
	cr_expect_eq(answer.ack, 20);
	cr_expect_not(stored(&device).is_restored);
	fixture_free(&device);
}

/* Another console's ticket of the same id is another ticket; one that has expired is forgotten. */
Test(console_store, a_ticket_is_shown_once)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";

	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(store_ticket_show(fixture_store, 1, id, 5000, 1000), 0);
	cr_expect_eq(store_ticket_show(fixture_store, 1, id, 5000, 1001), -EEXIST);
	cr_expect_eq(store_ticket_show(fixture_store, 2, id, 5000, 1001), 0);
	cr_expect_eq(store_ticket_show(fixture_store, 1, id, 9000, 5001), 0);
	cr_expect_eq(store_ticket_show(fixture_store, 2, id, 9000, 5000), -EEXIST);
	cr_assert_eq(store_commit(fixture_store), 0);
}

/* A database as the first version made it, with something in it. */
Test(console_store, an_older_one_is_migrated)
{
	struct store_token token;
	sqlite3 *sqlite;
	char text[ENROLMENT_TOKEN_SIZE];
	static struct store_policy policy;
	struct store *reader;

	fixture_token(3, true, &token, text);
	fixture_close();
	cr_assert_eq(sqlite3_open(fixture_path, &sqlite), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(sqlite,
			     "DROP TABLE device_user; DROP TABLE export; DROP TABLE receipt; DROP "
			     "TABLE device_tag;"
			     "DROP TABLE policy_group;"
			     "DROP TABLE bundle; DROP TABLE policy;"
			     "DROP TABLE tally; DROP TABLE device_seal; DROP TABLE label_key;"
			     "DROP TABLE label_key_terms; DROP TABLE key_question;"
			     "DROP TABLE device_order; DROP TABLE mark;"
			     "ALTER TABLE audit DROP COLUMN before;"
			     "ALTER TABLE audit DROP COLUMN after;"
			     "ALTER TABLE audit DROP COLUMN link;"
			     "ALTER TABLE account DROP COLUMN unfit;"
			     "ALTER TABLE token DROP COLUMN owner;"
			     "ALTER TABLE token DROP COLUMN audience;"
			     "ALTER TABLE token DROP COLUMN tenant; DROP TABLE ticket;"
			     "ALTER TABLE device DROP COLUMN word; PRAGMA user_version = 1",
			     NULL, NULL, NULL),
		SQLITE_OK);
	(void)sqlite3_close(sqlite);
	cr_expect_eq(
		store_open(fixture_path, STORE_READ, &reader), -EPROTO, "readers do not migrate");
	fixture_open();
	cr_assert_eq(store_token_get(fixture_store, token.id, &token), 0);
	cr_expect_eq(token.uses_left, 3);
	cr_expect_str_eq(token.owner, "");
	cr_expect_str_eq(token.audience, "");
	cr_expect_eq(store_policy_get(fixture_store, 0, &policy), -ENOENT, "a table, and empty");
	fixture_close();
	fixture_open();
}

Test(console_store, what_is_no_database_of_ours)
{
	char path[128];
	struct store *store = NULL;
	sqlite3 *sqlite;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/text", fixture_directory);
	file = fopen(path, "we");
	for (int i = 0; i < 1000; i++)
		(void)fputs("no database ", file);
	cr_assert_eq(fclose(file), 0);
	cr_expect_eq(store_open(path, STORE_WRITE, &store), -EBADMSG);
	cr_expect_eq(store_open(path, STORE_READ, &store), -EBADMSG);
	(void)snprintf(path, sizeof(path), "%s/other", fixture_directory);
	cr_assert_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(sqlite, "CREATE TABLE a (b)", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
	cr_expect_eq(store_open(path, STORE_WRITE, &store), -EPROTO);
	fixture_close();
	cr_assert_eq(sqlite3_open(fixture_path, &sqlite), SQLITE_OK);
	cr_assert_eq(
		sqlite3_exec(sqlite, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
	cr_expect_eq(store_open(fixture_path, STORE_WRITE, &store), -EPROTO, "of the future");
	cr_expect_null(store);
	cr_expect_eq(store_open("/nonexistent/x", STORE_READ, &store), -EACCES);
}

/* Batches until one fails; what it failed with. Whatever it is, nothing is stored by halves. */
static int fill_up(void)
{
	struct console_who who = {.id = 1};
	unsigned int taken = 0;
	int r = 0;

	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	while (r == 0 && taken < 10000) {
		fixture_batch(&device, 1, 100, &batch);
		r = store_begin(fixture_store);
		if (r == 0)
			r = ingest_batch(fixture_ingest, fixture_store, &who, batch.bytes,
				batch.size, &answer);
		if (r == 0)
			r = store_commit(fixture_store);
		taken += r == 0;
	}
	store_rollback(fixture_store);
	cr_expect_gt(taken, 0);
	cr_expect_eq(fixture_events(), 100 * (int64_t)taken);
	cr_expect_eq(stored(&device).ack, 100 * (uint64_t)taken);
	return r;
}

Test(console_store, a_file_that_may_not_grow_takes_nothing_by_halves)
{
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};
	struct stat status;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	fixture_device(&device, "pc-1");
	cr_assert_eq(stat(fixture_path, &status), 0);
	limit.rlim_cur = (rlim_t)status.st_size + (512 << 10);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = fill_up();
	cr_expect(r == -EIO || r == -ENOSPC, "%d", r);
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE, "it grows again");
	fixture_free(&device);
}

Test(console_store, a_full_disk_is_called_one_and_takes_nothing_by_halves)
{
	char full[128];
	FILE *file;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", fixture_directory, "tmpfs", 0, "size=2m") < 0)
		cr_skip_test("root is missing, to mount a small disk");
	fixture_close();
	fixture_open();
	fixture_device(&device, "pc-1");
	(void)snprintf(full, sizeof(full), "%s/full", fixture_directory);
	file = fopen(full, "we");
	for (unsigned int i = 0; i < 2000; i++)
		(void)fwrite(full, 1, sizeof(full), file); /* what is removed later */
	(void)fclose(file);
	cr_expect_eq(fill_up(), -ENOSPC);
	cr_assert_eq(unlink(full), 0);
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE, "there is room again");
	fixture_close();
	(void)umount(fixture_directory);
	fixture_free(&device);
}
#endif

Test(console_store, places_as_text)
{
	static const char *const wrong[] = {"", "x", "1:2", "1 2", "1 64:1", "1 2:", "-1", "1 1:-1",
		"281474976710656", "1,2", " 1"};
	struct store_place place = {.last = {17}}, back;
	char text[STORE_PLACE_SIZE];

	store_place_format(&place, text);
	cr_expect_str_eq(text, "17");
	place.last[3] = 3 * STORE_LANE_EVENTS + 4;
	place.last[63] = 64 * STORE_LANE_EVENTS - 1;
	store_place_format(&place, text);
	cr_expect_str_eq(text, "17 3:4 63:281474976710655");
	cr_assert_eq(store_place_parse(text, &back), 0);
	cr_expect_arr_eq(&place, &back, sizeof(place));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(store_place_parse(wrong[i], &back), -EINVAL, "%s", wrong[i]);
	cr_expect(store_place_is_before(&place, 18));
	cr_expect_not(store_place_is_before(&place, 17));
	cr_expect(store_place_is_before(&place, 3 * STORE_LANE_EVENTS + 5));
	cr_expect_not(store_place_is_before(&place, 3 * STORE_LANE_EVENTS + 4));
	cr_expect(store_place_is_before(&place, 5 * STORE_LANE_EVENTS + 1), "a new lane");
}

Test(console_store, uids_as_text)
{
	uint8_t uid[16], back[16];
	char text[UUID_TEXT_SIZE];

	for (unsigned int i = 0; i < 16; i++)
		uid[i] = (uint8_t)(i * 17);
	uuid_format(uid, text);
	cr_expect_str_eq(text, "00112233-4455-6677-8899-aabbccddeeff");
	cr_assert_eq(uuid_parse(text, back), 0);
	cr_expect_arr_eq(uid, back, sizeof(uid));
	cr_expect_eq(uuid_parse("00112233-4455-6677-8899-aabbccddeef", back), -EINVAL);
	cr_expect_eq(uuid_parse("00112233-4455-6677-8899-aabbccddeeff0", back), -EINVAL);
	cr_expect_eq(uuid_parse("0011223344556677-8899-aabbccddeeff", back), -EINVAL);
	cr_expect_eq(uuid_parse("", back), -EINVAL);
}

static int64_t waiting(int64_t replaced_ms)
{
	int64_t count = -1;

	cr_assert_eq(store_seal_waiting(fixture_store, replaced_ms, &count), 0);
	return count;
}

/* Keys to seal to that were made at 10, 20, ... seconds from now. */
Test(console_store, which_devices_may_hold_what_is_sealed_to_a_key)
{
	int64_t now_ms = (int64_t)clock_day_ms(), id;

	cr_expect_eq(waiting(now_ms + 10000), 0);
	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	id = stored(&device).id;
	cr_expect_eq(waiting(now_ms + 10000), 2);
	cr_expect_eq(waiting(now_ms - 10000), 0, "replaced before they came");
	FIXTURE_DO(store_seal_used(fixture_store, id, now_ms + 10000));
	cr_expect_eq(waiting(now_ms + 10000), 1, "what replaced it");
	cr_expect_eq(waiting(now_ms + 20000), 2);
	FIXTURE_DO(store_seal_used(fixture_store, id, now_ms + 20000));
	cr_expect_eq(waiting(now_ms + 20000), 1);
	FIXTURE_DO(store_device_set_state(
		fixture_store, stored(&other).id, DEVICE_REVOKED, "test", "", 5));
	cr_expect_eq(waiting(now_ms + 20000), 0);
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_store, exports_are_kept)
{
	struct store_export row = {
		.name = "siem", .place = {.last = {17}}, .delivered = 16, .moved_ms = 5};
	struct store_export rows[3], back;

	cr_expect_eq(store_export_get(fixture_store, "siem", &back), -ENOENT);
	cr_assert_eq(store_export_set(fixture_store, &row), 0);
	cr_assert_eq(store_export_get(fixture_store, "siem", &back), 0);
	cr_expect_eq(back.place.last[0], 17);
	cr_expect_eq(back.delivered, 16);
	cr_expect_eq(back.moved_ms, 5);
	cr_expect(!back.is_rewound);
	row.place.last[3] = 3 * STORE_LANE_EVENTS + 9;
	row.is_rewound = true;
	cr_assert_eq(store_export_set(fixture_store, &row), 0);
	cr_assert_eq(store_export_hold(fixture_store, "siem", 1000), 0);
	(void)snprintf(row.name, sizeof(row.name), "a");
	cr_assert_eq(store_export_set(fixture_store, &row), 0);
	cr_assert_eq(store_exports(fixture_store, rows, 3), 2);
	cr_expect_str_eq(rows[0].name, "a");
	cr_expect_str_eq(rows[1].name, "siem");
	cr_expect(rows[1].is_rewound);
	cr_expect_arr_eq(&rows[1].place, &row.place, sizeof(row.place));
	cr_expect_eq(store_exports(fixture_store, rows, 1), 1);
}

static bool count_one(const struct store_found *found, void *userdata)
{
	(void)found;
	(*(unsigned int *)userdata)++;
	return true;
}

static unsigned int count_behind(const struct store_place *place)
{
	struct store_cursor cursor = {.is_upwards = true, .place = *place};
	const struct store_filter all = {0};
	unsigned int count = 0;

	while (store_events(fixture_store, &all, &cursor, 100, count_one, &count) > 0)
		;
	return count;
}

Test(console_store, the_place_before_a_time)
{
	struct store_place place = {0}, last;

	fill();
	cr_assert_eq(store_event_since(fixture_store, 0, &place), 0);
	cr_expect_eq(count_behind(&place), 600);
	cr_assert_eq(store_event_since(fixture_store, INT64_MAX, &place), 0);
	cr_assert_eq(store_event_last(fixture_store, &last), 0);
	cr_expect_arr_eq(&place, &last, sizeof(last));
}
