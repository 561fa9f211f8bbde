/* SPDX-License-Identifier: Apache-2.0 */
/* What is PostgreSQL's alone: several consoles, lost connections, and what is no database for us. */
#define FIXTURE_POSTGRES
#include "tests/unit/console_fixture.h"

#include <errno.h>
#include <sys/wait.h>

TestSuite(console_postgres, .init = fixture_begin, .fini = fixture_end, .timeout = 60);

static struct fixture_device device;
static struct fixture_batch batches[40];
static struct console_device answer;

static void sql(const char *text)
{
	PQclear(fixture_sql(text));
}

static int64_t number_of(const char *text)
{
	PGresult *result = fixture_sql(text);
	int64_t number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);

	PQclear(result);
	return number;
}

/* The second console's address: its name is another. */
static const char *address(const char *more)
{
	static char text[sizeof(fixture_path) + 1024];

	(void)snprintf(text, sizeof(text), "%s%s", fixture_path, more);
	return text;
}

static struct store *second(void)
{
	struct store *store = NULL;

	cr_assert_eq(store_open(address("b"), STORE_WRITE, &store), 0, "%s", store_problem());
	return store;
}

static int deliver(struct store *store, const struct fixture_batch *batch)
{
	struct console_who who = {.id = 1, .address = "192.0.2.1"};

	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	return ingest_batch(fixture_ingest, store, &who, batch->bytes, batch->size, &answer);
}

/* Ends the sessions of this test's console, as a restart of the database does. */
static void cut(void)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
		" 'test_%d' AND pid <> pg_backend_pid()",
		(int)getpid());
	sql(text);
}

Test(console_postgres, a_connection_lost_in_a_transaction_takes_all_of_it)
{
	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(deliver(fixture_store, &batches[0]), 0);
	cut();
	cr_expect_eq(store_commit(fixture_store), -EHOSTUNREACH);
	cr_expect_str_neq(store_problem(), "");
	store_rollback(fixture_store);
	cr_expect_eq(number_of("SELECT count(*) FROM event"), 0);
	cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE, "sent again");
	cr_expect_eq(answer.ack, 10);
	cr_expect_eq(number_of("SELECT count(*) FROM event"), 10);
	fixture_free(&device);
}

Test(console_postgres, a_connection_lost_between_transactions_is_made_anew)
{
	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 3; i++) {
		fixture_batch(&device, 1, 10, &batches[0]);
		cr_expect_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
		cut();
		cr_expect_eq(fixture_events(), 10 * (int64_t)(i + 1), "a question likewise");
		cut();
	}
	cr_expect_eq(number_of("SELECT count(*) FROM event"), 30);
	fixture_free(&device);
}

Test(console_postgres, two_consoles_have_lanes_of_their_own)
{
	struct store *other = second();
	struct store_place last;

	fixture_device(&device, "pc-1");
	fixture_batch(&device, 1, 10, &batches[0]);
	fixture_batch(&device, 1, 5, &batches[1]);
	cr_assert_eq(fixture_send(&device, &batches[0], &answer), REFUSAL_NONE);
	cr_assert_eq(store_begin(other), 0);
	cr_assert_eq(deliver(other, &batches[1]), 0);
	cr_assert_eq(store_commit(other), 0);
	cr_expect_eq(answer.ack, 15);
	cr_assert_eq(store_event_last(fixture_store, &last), 0);
	cr_expect_eq(last.last[1], STORE_LANE_EVENTS + 10);
	cr_expect_eq(last.last[2], 2 * STORE_LANE_EVENTS + 5);
	cr_expect_eq(fixture_events(), 15);
	store_free(other);
	fixture_free(&device);
}

static bool count_one(const struct store_found *found, void *userdata)
{
	unsigned int *count = userdata;

	cr_expect_eq(found->json[0], '{');
	++*count;
	return true;
}

/* Whoever follows misses none, though the later one is committed first. */
Test(console_postgres, following_sees_what_is_committed_out_of_order)
{
	struct store *other = second(), *reader = NULL;
	struct store_cursor cursor = {.is_upwards = true};
	static struct fixture_device two;
	unsigned int count = 0;

	fixture_device(&device, "pc-1");
	two = device;
	fixture_device(&device, "pc-2");
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(deliver(fixture_store, &batches[0]), 0);
	fixture_free(&device);
	device = two;
	fixture_batch(&device, 1, 10, &batches[1]);
	cr_assert_eq(store_begin(other), 0);
	cr_assert_eq(deliver(other, &batches[1]), 0);
	cr_assert_eq(store_commit(other), 0);
	cr_assert_eq(store_open(address("r"), STORE_READ, &reader), 0);
	while (store_events(reader, &(struct store_filter){0}, &cursor, 3, count_one, &count) > 0)
		;
	cr_expect_eq(count, 10);
	cr_assert_eq(store_commit(fixture_store), 0);
	while (store_events(reader, &(struct store_filter){0}, &cursor, 3, count_one, &count) > 0)
		;
	cr_expect_eq(count, 20);
	store_free(reader);
	store_free(other);
	fixture_free(&device);
}

/* A batch that reaches both at once is stored by one and passed over by the other. */
static void send_all(struct store *store)
{
	for (unsigned int i = 0; i < 40; i++) {
		int r;

		do {
			r = store_begin(store);
			if (r == 0)
				r = deliver(store, &batches[i]);
			if (r == 0)
				r = store_commit(store);
			if (r < 0)
				store_rollback(store);
		} while (r == -EDEADLK);
		if (r < 0 ||
			(answer.refusal != REFUSAL_NONE && answer.refusal != REFUSAL_BATCH_GAP))
			_exit(1);
		if (answer.refusal == REFUSAL_BATCH_GAP)
			i = (unsigned int)(answer.ack / 10) - 1; /* as the device does */
	}
}

Test(console_postgres, the_same_batches_at_two_consoles_are_stored_once)
{
	pid_t child;
	int status;

	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 40; i++)
		fixture_batch(&device, 1, 10, &batches[i]);
	fixture_close();
	child = fork();
	if (child == 0) {
		struct store *store = NULL;

		if (store_open(address("b"), STORE_WRITE, &store) < 0 ||
			ingest_new(fixture_seal_key, &fixture_ingest) < 0)
			_exit(2);
		send_all(store);
		store_free(store);
		_exit(0);
	}
	fixture_open();
	send_all(fixture_store);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(status, 0);
	cr_expect_eq(number_of("SELECT count(*) FROM event"), 400);
	cr_expect_eq(number_of("SELECT count(DISTINCT sequence) FROM event"), 400);
	cr_expect_eq(number_of("SELECT sum(delivered) FROM account"), 400);
	cr_expect_eq(number_of("SELECT count(*) FROM finding"), 0);
	cr_expect_eq(fixture_events(), 400);
	fixture_free(&device);
}

Test(console_postgres, one_token_makes_one_device_whichever_console_it_comes_to)
{
	struct store *other = second(), *ours = fixture_store;
	struct store_token token;
	char text[ENROLMENT_TOKEN_SIZE];
	static struct fixture_device first, next;

	fixture_token(1, true, &token, text);
	fixture_key(&first);
	fixture_key(&next);
	cr_expect_eq(fixture_enrol(&first, text, "pc-1"), REFUSAL_NONE);
	fixture_store = other;
	cr_expect_eq(fixture_enrol(&next, text, "pc-2"), REFUSAL_TOKEN_USED);
	cr_expect_eq(fixture_enrol(&first, text, "pc-1"), REFUSAL_NONE, "the same device again");
	fixture_store = ours;
	cr_expect_eq(number_of("SELECT count(*) FROM device"), 1);
	store_free(other);
	fixture_free(&first);
	fixture_free(&next);
}

Test(console_postgres, notices_are_for_the_others)
{
	struct store *other = second();
	int64_t devices[STORE_NOTICES_MAX];

	cr_expect(store_is_shared(other));
	cr_assert_eq(store_notices(other, devices), 0, "from here on");
	cr_assert_eq(store_notices(fixture_store, devices), 0);
	FIXTURE_DO(store_notice_add(fixture_store, 17));
	FIXTURE_DO(store_notice_add(fixture_store, 0));
	cr_expect_eq(store_notices(fixture_store, devices), 0, "not one's own");
	cr_assert_eq(store_notices(other, devices), 2);
	cr_expect_eq(devices[0], 17);
	cr_expect_eq(devices[1], 0);
	cr_expect_eq(store_notices(other, devices), 0, "once");
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(store_notice_add(fixture_store, 18), 0);
	cr_expect_eq(store_notices(other, devices), 0, "not committed");
	store_rollback(fixture_store);
	FIXTURE_DO(store_notice_add(fixture_store, 19));
	cr_assert_eq(store_notices(other, devices), 1);
	cr_expect_eq(devices[0], 19);
	sql("DELETE FROM notice");
	sql("INSERT INTO notice VALUES (1000, 1, 20)");
	cr_assert_eq(store_notices(other, devices), 1);
	cr_expect_eq(devices[0], 0, "some were missed: everything may be another");
	store_free(other);
}

/* A text that is none must not fail those that came with it. */
Test(console_postgres, what_is_no_text_is_stored_as_one)
{
	struct store_record record = {.count = 1, .text = "{}", .size = 2, .event_count = 1};
	struct store_event event = {.sequence = 1, .time_ms = 5, .size = 2, .user = "a\xff\xc3"};
	struct store_device found;

	fixture_device(&device, "pc-\xc3\x28");
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &found), 0);
	record.device = found.id;
	record.first = 1;
	record.events = &event;
	FIXTURE_DO(store_record_add(fixture_store, &record));
	cr_expect_eq(number_of("SELECT count(*) FROM event WHERE person LIKE 'a__'"), 1);
	FIXTURE_DO(store_set(fixture_store, "x", "\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\x80 fine"));
	cr_expect_eq(number_of("SELECT count(*) FROM value WHERE value LIKE '% fine'"), 1);
	fixture_free(&device);
}

/* The key of the table, whatever the console believes. */
Test(console_postgres, the_database_takes_no_event_twice)
{
	struct store_record record = {.device = 5, .count = 1, .text = "{}", .size = 2};
	struct store_event event = {.sequence = 1, .time_ms = 5, .size = 2};

	record.first = 1;
	record.events = &event;
	record.event_count = 1;
	FIXTURE_DO(store_record_add(fixture_store, &record));
	record.first = 2;
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_assert_eq(store_record_add(fixture_store, &record), 0);
	cr_expect_eq(store_commit(fixture_store), -EEXIST);
	store_rollback(fixture_store);
	cr_expect_eq(number_of("SELECT count(*) FROM event"), 1);
	cr_expect_eq(number_of("SELECT count(*) FROM record"), 1);
	FIXTURE_DO(store_set(fixture_store, "a", "b"));
}

/* Rows are believed as far as their sizes. */
Test(console_postgres, rows_of_other_sizes_are_damage)
{
	struct store_device found;
	struct store_place place;

	fixture_device(&device, "pc-1");
	sql("UPDATE device SET link = '\\x00'");
	cr_expect_eq(store_device_by_uid(fixture_store, device.uid, &found), -EBADMSG);
	sql("UPDATE device SET link = decode(repeat('00', 32), 'hex')");
	cr_expect_eq(store_device_by_uid(fixture_store, device.uid, &found), 0);
	sql("UPDATE lane SET last = -7 WHERE lane = 1");
	cr_assert_eq(store_begin(fixture_store), 0);
	fixture_batch(&device, 1, 10, &batches[0]);
	cr_expect_eq(deliver(fixture_store, &batches[0]), -EBADMSG);
	store_rollback(fixture_store);
	sql("INSERT INTO lane VALUES (999, 'x', 5)");
	cr_expect_eq(store_event_last(fixture_store, &place), -EBADMSG);
	fixture_free(&device);
}

Test(console_postgres, what_is_no_database_for_us)
{
	static const char *const none[] = {"postgresql://", "postgresql:///x?host=/nonexistent",
		"postgresql://a:secret@/x", "postgresql://a@/x?nonsense=1"};
	struct store *store = NULL;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_eq(store_open(none[i], STORE_READ, &store), -EINVAL, "%s", none[i]);
	cr_expect_eq(store_open("postgresql://a@/x?host=/nonexistent", STORE_WRITE, &store),
		-EHOSTUNREACH);
	cr_expect_eq(store_open(address("&user=nobody_at_all"), STORE_WRITE, &store), -EACCES, "%s",
		store_problem());
	cr_expect_eq(store_open(address("&dbname=no_such"), STORE_WRITE, &store), -ENOENT, "%s",
		store_problem());
	sql("UPDATE holdfast_schema SET version = version + 999");
	cr_expect_eq(store_open(fixture_path, STORE_WRITE, &store), -EPROTO, "of the future");
	cr_expect_eq(store_open(fixture_path, STORE_READ, &store), -EPROTO, "likewise");
	sql("UPDATE holdfast_schema SET version = version - 999");
	cr_assert_eq(store_open(fixture_path, STORE_READ, &store), 0);
	store_free(store);
	store = NULL;
	sql("DROP TABLE holdfast_schema");
	cr_expect_eq(store_open(fixture_path, STORE_READ, &store), -EPROTO, "readers do not make");
	cr_expect_eq(store_open(fixture_path, STORE_WRITE, &store), -EPROTO, "tables of others");
	cr_expect_null(store);
}

/* Who acknowledges what is not on the disk is not used, also when it becomes one that does. */
Test(console_postgres, a_database_that_does_not_sync_is_refused)
{
	static const char off[] = "%20-csynchronous_commit%3Doff";
	struct store *store = NULL;
	char text[1024];
	char *options;

	(void)snprintf(text, sizeof(text), "%s", fixture_path);
	options = strstr(text, "&application_name");
	cr_assert(options);
	(void)snprintf(options, sizeof(text) - (size_t)(options - text), "%s", off);
	cr_expect_eq(store_open(text, STORE_WRITE, &store), -EOPNOTSUPP);
	cr_expect(strstr(store_problem(), "synchronous_commit is 'off'"), "%s", store_problem());
	cr_expect_eq(store_open(text, STORE_READ, &store), -EOPNOTSUPP);
	(void)snprintf(text, sizeof(text), "CREATE ROLE role_%d LOGIN SUPERUSER", (int)getpid());
	sql(text);
	(void)snprintf(text, sizeof(text), "&user=role_%d", (int)getpid());
	cr_assert_eq(store_open(address(text), STORE_WRITE, &store), 0, "%s", store_problem());
	(void)snprintf(text, sizeof(text), "ALTER ROLE role_%d SET synchronous_commit = local",
		(int)getpid());
	sql(text);
	cut();
	cr_expect_eq(store_begin(store), -EOPNOTSUPP);
	store_free(store);
}

/* One of several consoles runs an output; another one takes over when it has not said so for long. */
Test(console_postgres, an_export_is_run_by_one)
{
	auto_call(store_freep) struct store *other = second();
	struct store_export row = {.name = "siem", .place = {.last = {0}}, .delivered = 1};
	struct store_export back;

	cr_assert_eq(store_export_set(fixture_store, &row), 0);
	cr_assert_eq(store_export_hold(fixture_store, "siem", 60000), 0);
	cr_expect_eq(store_export_hold(other, "siem", 60000), -EBUSY);
	row.delivered = 2;
	cr_expect_eq(store_export_set(other, &row), -EBUSY);
	cr_assert_eq(store_export_get(other, "siem", &back), 0);
	cr_expect_eq(back.delivered, 1, "what another one holds is changed");
	cr_assert_eq(store_export_hold(fixture_store, "siem", -1), 0, "it is held still");
	cr_assert_eq(store_export_hold(other, "siem", 60000), 0);
	cr_expect_eq(store_export_set(fixture_store, &row), -EBUSY);
	cr_expect_eq(store_export_set(other, &row), 0);
}
