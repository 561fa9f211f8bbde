/* SPDX-License-Identifier: Apache-2.0 */
/* The lineage store's bounds, and what becomes of it when its file is damaged. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/lineage_private.h"
#include "tests/unit/fixtures/lineage_records.h"

TestSuite(lineage_store, .init = store_begin, .fini = store_end);

static unsigned int count_lines(const char *section)
{
	unsigned int count = 0;

	for (const char *at = drawn; (at = strstr(at, section)); at++)
		count++;
	return count;
}

Test(lineage_store, depth_is_bounded)
{
	opened(10, "first", 1, "/srv/plan");
	for (uint32_t tgid = 11; tgid < 200; tgid++)
		passed(tgid, "next", tgid - 1, HF_HOP_PIPE, 1);
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect(strstr(drawn, "depth\n"), "and says so");
	cr_expect_leq(count_lines("pipe next"), LINEAGE_DEPTH_MAX);
}

Test(lineage_store, fan_out_is_bounded)
{
	for (uint32_t tgid = 10; tgid < 10 + 3 * LINEAGE_FAN_MAX; tgid++)
		opened(tgid, "cat", 1, "/srv/plan");
	opened(9999, "newest", 1, "/srv/plan");
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect_eq(count_lines("read "), LINEAGE_FAN_MAX);
	cr_expect(strstr(drawn, "read newest"));
	cr_expect(strstr(drawn, "fan-out\n"), "and says so");
}

/* 64 different ways out of one process; the others share an edge. */
Test(lineage_store, ways_out_are_bounded)
{
	opened(10, "scan", 1, "/srv/plan");
	for (uint16_t port = 1; port <= 500; port++) {
		struct record record = record_of(HF_RECORD_VERDICT, 10, "scan");

		origin(&record, 1);
		record.raw.channel = HF_CHANNEL_NETWORK;
		record.raw.verdict = HF_VERDICT_BLOCK;
		record.raw.address[15] = 1;
		record.raw.port = port;
		take(&record);
	}
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect_eq(count_lines("network block"), LINEAGE_EXIT_MAX + 1);
}

Test(lineage_store, the_oldest_rows_go)
{
	lineage->row_max = 2000;
	for (uint32_t tgid = 10; tgid < 10000; tgid++) {
		opened(tgid, "cat", 1, "/srv/plan");
		if (tgid % 100 == 0)
			cr_assert_eq(lineage_write(lineage, true), 0);
	}
	cr_assert_eq(lineage_write(lineage, true), 0);
	cr_expect_gt(lineage_counts(lineage).trimmed, 10000);
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect(strstr(drawn, "read cat\n"), "the newest are there");
	lineage_free(lineage);
	lineage = NULL;
	cr_assert_eq(lineage_open(store_path, "b00t", &lineage), 0);
}

Test(lineage_store, a_full_queue_is_counted)
{
	for (uint32_t tgid = 1; tgid <= LINEAGE_QUEUE_MAX + 7; tgid++)
		opened(tgid, "cat", 1, "/srv/plan");
	cr_expect_eq(lineage_counts(lineage).dropped, 7);
	cr_expect(lineage_waiting(lineage));
	cr_assert_eq(lineage_write(lineage, false), 0);
	cr_expect(lineage_waiting(lineage), "one batch at a time");
	cr_assert_eq(lineage_write(lineage, true), 0);
	cr_expect_not(lineage_waiting(lineage));
}

Test(lineage_store, without_a_store)
{
	const struct lineage_question question = {.path = "/srv/plan", .line = keep_line};
	struct record record = record_of(HF_RECORD_OPENED, 1, "cat");

	lineage_take(NULL, &record, NULL);
	lineage_volume(NULL, 1, "x");
	cr_expect_eq(lineage_write(NULL, true), 0);
	cr_expect_not(lineage_waiting(NULL));
	cr_expect_eq(lineage_draw(NULL, &question), -ENODEV);
}

static void overwrite(long offset, const char *bytes, size_t size)
{
	FILE *file = fopen(store_path, "r+e");

	cr_assert_not_null(file);
	cr_assert_eq(fseek(file, offset, SEEK_SET), 0);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

Test(lineage_store, a_damaged_file_is_told)
{
	char junk[8192];

	memset(junk, '*', sizeof(junk));
	make_chain();
	lineage_free(lineage);
	lineage = NULL;
	overwrite(0, junk, 100);
	cr_expect_eq(lineage_open(store_path, "b00t", &lineage), -EBADMSG);
	cr_expect_null(lineage);
}

/* Damage behind the first page shows when it is read or written; nothing falls over it. */
Test(lineage_store, damage_inside_is_survived)
{
	char junk[4096];
	int r;

	memset(junk, 0xa5, sizeof(junk));
	make_chain();
	lineage_free(lineage);
	lineage = NULL;
	for (long page = 1; page < 12; page++)
		overwrite(page * 4096, junk, sizeof(junk));
	r = lineage_open(store_path, "b00t", &lineage);
	if (r == 0) {
		r = draw("/srv/plan", 0);
		make_chain();
		r = r == 0 || r == -ENOENT ? lineage_write(lineage, true) : r;
	}
	cr_expect_eq(r, -EBADMSG, "%s", strerror(-r));
}

Test(lineage_store, another_version_is_refused)
{
	sqlite3 *sqlite;

	lineage_free(lineage);
	lineage = NULL;
	cr_assert_eq(sqlite3_open(store_path, &sqlite), SQLITE_OK);
	cr_assert_eq(
		sqlite3_exec(sqlite, "CREATE TABLE version9 (number INTEGER)", NULL, NULL, NULL),
		SQLITE_OK);
	cr_assert_eq(sqlite3_close(sqlite), SQLITE_OK);
	cr_expect_eq(lineage_open(store_path, "b00t", &lineage), -EPROTO);
}
