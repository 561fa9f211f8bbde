/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store dies at any moment, by SIGKILL, again and again; the devices know only what was
 * acknowledged to them and go on from there. In the end each event is stored once.
 */
#include "tests/unit/console_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	50
#define BATCHES 40 /* that each device has ready */
#define EVENTS	20
#define DEVICES 2
#define GROUP	3

TestSuite(console_crash, .init = fixture_begin, .fini = fixture_end, .timeout = 120);

static struct fixture_device devices[DEVICES];
static struct fixture_batch (*batches)[BATCHES];
static volatile uint64_t *acked; /* shared: what each device was told */
static volatile uint64_t *begun; /* shared: how often a child had its database open */

/* What a device sends next: from behind what the store answers, as it does after a reconnection. */
static uint64_t ack_of(unsigned int number)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, devices[number].uid, &now), 0);
	return now.ack;
}

static void deliver_group(unsigned int number)
{
	struct console_who who = {.id = 1};
	struct console_device answer = {0};
	uint64_t next = ack_of(number) / EVENTS;

	memcpy(who.certificate, devices[number].fingerprint, sizeof(who.certificate));
	if (store_begin(fixture_store) < 0)
		_exit(1);
	if (next > 0)
		next--; /* the last one is sent once more: its answer may have been lost */
	for (unsigned int i = 0; i < GROUP && next < BATCHES; i++, next++)
		if (ingest_batch(fixture_ingest, fixture_store, &who, batches[number][next].bytes,
			    batches[number][next].size, &answer) < 0 ||
			answer.refusal != REFUSAL_NONE)
			_exit(2);
	if (store_commit(fixture_store) < 0)
		_exit(3);
	if (answer.ack)
		acked[number] = answer.ack;
}

static void child(void)
{
	fixture_open();
	++*begun;
	for (;;)
		for (unsigned int i = 0; i < DEVICES; i++)
			deliver_group(i);
}

static int64_t number_of(const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *sqlite;
	int64_t number;

	cr_assert_eq(sqlite3_open(fixture_path, &sqlite), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(sqlite);
	return number;
}

static void check_whole(unsigned int round)
{
	fixture_open();
	for (unsigned int i = 0; i < DEVICES; i++) {
		cr_expect_geq(
			ack_of(i), acked[i], "round %u: what was acknowledged is there", round);
		cr_expect_eq(ack_of(i) % EVENTS, 0, "round %u: no half batch", round);
	}
	cr_expect_eq(fixture_events(), (int64_t)(ack_of(0) + ack_of(1)), "round %u", round);
	fixture_close();
	cr_expect_eq(number_of("SELECT count(*) FROM event"),
		number_of("SELECT count(DISTINCT device * 1000000 + sequence) FROM event"));
	cr_expect_eq(number_of("SELECT sum(delivered) FROM account"),
		number_of("SELECT count(*) FROM event"));
}

Test(console_crash, killed_at_any_moment)
{
	unsigned int seed = 20261129;

	acked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(acked, MAP_FAILED);
	begun = acked + DEVICES;
	batches = calloc(DEVICES, sizeof(*batches));
	cr_assert(batches);
	for (unsigned int i = 0; i < DEVICES; i++) {
		fixture_device(&devices[i], "pc");
		for (unsigned int j = 0; j < BATCHES; j++)
			fixture_batch(&devices[i], 2, EVENTS / 2, &batches[i][j]);
	}
	fixture_close();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t before = *begun;
		int status;
		pid_t pid = fork();

		if (pid == 0)
			child();
		/* every fourth dies while it opens the database, the others while they store */
		while (round % 4 && *begun == before)
			(void)usleep(500);
		(void)usleep((useconds_t)(rand_r(&seed) % 40000));
		(void)kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFSIGNALED(status), "round %u: the child gave up: %d", round, status);
		check_whole(round);
	}
	cr_expect_gt(acked[0], 0);
	fixture_open();
	for (unsigned int i = 0; i < DEVICES; i++)
		while (ack_of(i) < BATCHES * EVENTS)
			deliver_group(i);
	cr_expect_eq(fixture_events(), DEVICES * BATCHES * EVENTS);
	for (unsigned int i = 0; i < DEVICES; i++)
		fixture_free(&devices[i]);
	free(batches);
}
