/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lineage store and what is drawn from it: records go in as the kernel makes them, lines come
 * out as the command line gets them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/engine/lineage.h"
#include "agent/engine/lineage_private.h"
#include "common/json.h"
#include "common/clock.h"

CLEANUP_DEFINE(struct json_object, json_object_put)

#define DEV	 (8 << 20 | 1)
#define TEXT_MAX 65536

static char path[64], drawn[TEXT_MAX];
static struct lineage *lineage;
static uint64_t sequence, ktime_ns;

static void open_again(const char *boot_id)
{
	lineage_free(lineage);
	lineage = NULL;
	cr_assert_eq(lineage_open(path, boot_id, &lineage), 0);
	lineage_volume(lineage, DEV, "uuid:data");
}

static void begin(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/holdfast-lineage-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	(void)strcat(path, "/lineage.db");
	ktime_ns = 0;
	open_again("b00t");
}

static void end(void)
{
	char command[128];

	lineage_free(lineage);
	*strrchr(path, '/') = '\0';
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", path);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(lineage, .init = begin, .fini = end);

/* A record of process `tgid` some seconds after the one before. */
static struct record record_of(unsigned int type, uint32_t tgid, const char *comm)
{
	struct record record = {.raw = {.header = {.type = (uint8_t)type,
						.version = HF_RECORD_VERSION,
						.size = sizeof(record.raw),
						.sequence = ++sequence},
					.tgid = tgid,
					.pid = tgid,
					.start_ktime_ns = tgid * UINT64_C(1000),
					.labels = 1}};

	ktime_ns += 5 * CLOCK_SECOND_NS;
	record.raw.header.ktime_ns = ktime_ns;
	(void)snprintf(record.comm, sizeof(record.comm), "%s", comm);
	return record;
}

static struct hf_inode_key key_of(uint64_t ino)
{
	return (struct hf_inode_key){.ino = ino, .dev = DEV, .generation = 1};
}

static void origin(struct record *record, uint64_t ino)
{
	record->raw.origins.keys[record->raw.origins.count++] = key_of(ino);
}

static void source(struct record *record, uint32_t tgid, unsigned int hop)
{
	record->raw.source = (struct hf_source){
		.start_ktime_ns = tgid * UINT64_C(1000), .tgid = tgid, .hop = hop};
}

static void object(struct record *record, uint64_t ino, const char *name)
{
	record->raw.inode = key_of(ino);
	(void)snprintf(record->path, sizeof(record->path), "%s", name);
}

static void take(const struct record *record)
{
	lineage_take(lineage, record, record->raw.app ? "writer" : NULL);
}

static void opened(uint32_t tgid, const char *comm, uint64_t ino, const char *name)
{
	struct record record = record_of(HF_RECORD_OPENED, tgid, comm);

	object(&record, ino, name);
	origin(&record, ino);
	take(&record);
}

static void passed(uint32_t tgid, const char *comm, uint32_t from, unsigned int hop, uint64_t ino)
{
	struct record record = record_of(HF_RECORD_TAINTED, tgid, comm);

	source(&record, from, hop);
	origin(&record, ino);
	record.raw.channel = HF_CHANNEL_PASS;
	take(&record);
}

static void wrote(uint32_t tgid, const char *comm, uint32_t from, unsigned int hop, uint64_t first,
	uint64_t ino, const char *name)
{
	struct record record = record_of(HF_RECORD_LABELLED, tgid, comm);

	if (from)
		source(&record, from, hop);
	origin(&record, first);
	object(&record, ino, name);
	record.raw.operation = HF_OPERATION_WRITE;
	record.raw.channel = HF_CHANNEL_LOCAL_FILE;
	take(&record);
}

static void refused(
	uint32_t tgid, const char *comm, uint32_t from, unsigned int hop, uint64_t first)
{
	struct record record = record_of(HF_RECORD_VERDICT, tgid, comm);

	source(&record, from, hop);
	origin(&record, first);
	record.raw.channel = HF_CHANNEL_NETWORK;
	record.raw.verdict = HF_VERDICT_BLOCK;
	record.raw.operation = HF_OPERATION_CONNECT;
	record.raw.address[10] = record.raw.address[11] = 0xff;
	record.raw.address[12] = 10;
	record.raw.address[15] = 2;
	record.raw.port = 443;
	take(&record);
}

/* One line of the drawing, short: SECTION DEPTH WHAT. */
static void keep_line(struct json_object *line, void *userdata)
{
	auto_call(json_object_putp) struct json_object *owned = line;
	const char *kind = json_text(line, "kind"), *name = json_text(line, "name");
	size_t used = strlen(drawn);

	(void)userdata; /* none is asked for */
	cr_assert_lt(used, TEXT_MAX - 256);
	if (!strcmp(kind, "file"))
		name = json_text(line, "path");
	(void)snprintf(drawn + used, TEXT_MAX - used, "%s %s %s%s%s%s%s%s%s%s%s%s\n",
		json_text(line, "section"), json_text(line, "depth"), json_text(line, "how"),
		json_text(line, "how")[0] ? " " : "", name, json_text(line, "channel"),
		json_text(line, "channel")[0] ? " " : "", json_text(line, "verdict"),
		json_text(line, "to")[0] ? " " : "", json_text(line, "to"), json_text(line, "why"),
		json_true(line, "is_drawn_before") ? " again"
		: json_true(line, "is_gone")	   ? " gone"
						   : "");
}

static int draw(const char *name, uint64_t ino)
{
	const struct hf_inode_key key = key_of(ino);
	const struct lineage_question question = {
		.key = ino ? &key : NULL, .path = name, .line = keep_line};

	drawn[0] = '\0';
	return lineage_draw(lineage, &question);
}

static void expect_drawn(const char *name, uint64_t ino, const char *wanted)
{
	cr_assert_eq(draw(name, ino), 0, "%s", name);
	cr_expect_str_eq(drawn, wanted, "%s:\n%s", name, drawn);
}

/* Five hops from a file to the network and to another file. */
static void make_chain(void)
{
	opened(10, "reader", 1, "/srv/plan");
	passed(11, "one", 10, HF_HOP_PIPE, 1);
	passed(12, "two", 11, HF_HOP_SOCKET, 1);
	passed(13, "three", 12, HF_HOP_QUEUE, 1);
	passed(14, "four", 13, HF_HOP_TERMINAL, 1);
	passed(15, "five", 14, HF_HOP_SHARED_MEMORY, 1);
	refused(15, "five", 14, HF_HOP_SHARED_MEMORY, 1);
	wrote(15, "five", 14, HF_HOP_SHARED_MEMORY, 1, 2, "/tmp/out");
}

static const char chain_down[] = "file 0 /srv/plan\n"
				 "to 1 read reader\n"
				 "to 2 pipe one\n"
				 "to 3 unix socket two\n"
				 "to 4 message queue three\n"
				 "to 5 terminal four\n"
				 "to 6 shared memory five\n"
				 "to 7 network block 10.0.0.2 port 443\n"
				 "to 7 write /tmp/out\n";

static const char chain_up[] = "file 0 /tmp/out\n"
			       "from 1 write five\n"
			       "from 2 shared memory four\n"
			       "from 3 terminal three\n"
			       "from 4 message queue two\n"
			       "from 5 unix socket one\n"
			       "from 6 pipe reader\n"
			       "from 7 read /srv/plan\n";

Test(lineage, a_chain_down_and_up)
{
	make_chain();
	expect_drawn("/srv/plan", 0, chain_down);
	expect_drawn("/tmp/out", 0, chain_up);
	expect_drawn("wherever it is now", 2, chain_up);
	cr_expect_eq(draw("/srv/other", 0), -ENOENT);
	cr_expect_eq(draw("/srv/other", 7), -ENOENT);
}

/* The same numbers come again: another boot's processes are others, files are the same. */
Test(lineage, survives_a_reboot)
{
	make_chain();
	open_again("another");
	expect_drawn("/srv/plan", 0, chain_down);
	opened(10, "later", 1, "/srv/plan");
	expect_drawn("/tmp/out", 0, chain_up);
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect(strstr(drawn, "to 1 read reader\n") && strstr(drawn, "to 1 read later\n"), "%s",
		drawn);
}

Test(lineage, renamed_and_removed)
{
	struct record record;

	make_chain();
	record = record_of(HF_RECORD_FILE, 20, "mv");
	record.raw.operation = HF_OPERATION_RENAME;
	object(&record, 2, "/tmp/out");
	take(&record);
	opened(21, "cp", 2, "/tmp/renamed");
	record = record_of(HF_RECORD_FILE, 22, "rm");
	record.raw.operation = HF_OPERATION_UNLINK;
	object(&record, 2, "/tmp/renamed");
	take(&record);
	cr_assert_eq(draw("/tmp/out", 0), 0);
	cr_expect(
		!strncmp(drawn, "file 0 /tmp/renamed gone\nfrom 1 write five\n", 43), "%s", drawn);
	cr_assert_eq(draw("/tmp/renamed", 0), 0);
	cr_expect(strstr(drawn, "to 1 read cp\n"), "%s", drawn);
}

/* A program that has read much leads on only where the file asked for is among the origins. */
Test(lineage, only_what_came_from_the_file)
{
	struct record record;

	opened(10, "editor", 1, "/srv/a");
	passed(11, "got-a", 10, HF_HOP_PIPE, 1);
	wrote(10, "editor", 0, 0, 1, 5, "/tmp/of-a");
	record = record_of(HF_RECORD_OPENED, 10, "editor");
	object(&record, 2, "/srv/b");
	origin(&record, 1);
	origin(&record, 2);
	take(&record);
	record = record_of(HF_RECORD_TAINTED, 12, "got-both");
	source(&record, 10, HF_HOP_PIPE);
	origin(&record, 1);
	origin(&record, 2);
	take(&record);
	expect_drawn("/srv/b", 0, "file 0 /srv/b\nto 1 read editor\nto 2 pipe got-both\n");
	expect_drawn("/srv/a", 0,
		"file 0 /srv/a\nto 1 read editor\nto 2 pipe got-a\nto 2 write /tmp/of-a\n"
		"to 2 pipe got-both\n");
	expect_drawn("/tmp/of-a", 0, "file 0 /tmp/of-a\nfrom 1 write editor\nfrom 2 read /srv/a\n");
}

Test(lineage, a_hop_without_a_record)
{
	opened(10, "reader", 1, "/srv/plan");
	passed(12, "two", 11, HF_HOP_SOCKET, 1); /* how 11 got it is lost */
	expect_drawn("/srv/plan", 0, "file 0 /srv/plan\nto 1 read reader\nto 1 unrecorded two\n");
	wrote(12, "two", 11, HF_HOP_SOCKET, 1, 2, "/tmp/out");
	expect_drawn("/tmp/out", 0,
		"file 0 /tmp/out\nfrom 1 write two\nfrom 2 unix socket \n"
		"from 2 unrecorded /srv/plan\n");
}

Test(lineage, loops_end)
{
	opened(10, "ping", 1, "/srv/plan");
	passed(11, "pong", 10, HF_HOP_PIPE, 1);
	passed(10, "ping", 11, HF_HOP_PIPE, 1);
	wrote(11, "pong", 10, HF_HOP_PIPE, 1, 1, "/srv/plan");
	expect_drawn("/srv/plan", 0,
		"file 0 /srv/plan\n"
		"from 1 write pong\nfrom 2 pipe ping\nfrom 3 read /srv/plan again\n"
		"from 3 pipe pong again\n"
		"to 1 read ping\nto 2 pipe pong\nto 3 pipe ping again\nto 3 write /srv/plan "
		"again\n");
}

static unsigned int count_lines(const char *section)
{
	unsigned int count = 0;

	for (const char *at = drawn; (at = strstr(at, section)); at++)
		count++;
	return count;
}

Test(lineage, depth_is_bounded)
{
	opened(10, "first", 1, "/srv/plan");
	for (uint32_t tgid = 11; tgid < 200; tgid++)
		passed(tgid, "next", tgid - 1, HF_HOP_PIPE, 1);
	cr_assert_eq(draw("/srv/plan", 0), 0);
	cr_expect(strstr(drawn, "depth\n"), "and says so");
	cr_expect_leq(count_lines("pipe next"), LINEAGE_DEPTH_MAX);
}

Test(lineage, fan_out_is_bounded)
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
Test(lineage, ways_out_are_bounded)
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

/* Who looks into a labelled process, or is handed a labelled file, has nothing of it. */
Test(lineage, refusals_of_others)
{
	struct record record;

	opened(10, "reader", 1, "/srv/plan");
	record = record_of(HF_RECORD_VERDICT, 30, "gdb");
	record.raw.channel = HF_CHANNEL_DEBUG;
	record.raw.operation = HF_OPERATION_TRACE;
	record.raw.verdict = HF_VERDICT_BLOCK;
	record.raw.target_tgid = 10;
	take(&record);
	record = record_of(HF_RECORD_VERDICT, 31, "thief");
	record.raw.channel = HF_CHANNEL_DESCRIPTOR;
	record.raw.operation = HF_OPERATION_RECEIVE_FD;
	record.raw.verdict = HF_VERDICT_BLOCK;
	object(&record, 1, "/srv/plan");
	take(&record);
	record = record_of(HF_RECORD_VERDICT, 32, "cat");
	record.raw.channel = HF_CHANNEL_OPEN;
	record.raw.verdict = HF_VERDICT_BLOCK;
	object(&record, 1, "/srv/plan");
	take(&record);
	expect_drawn("/srv/plan", 0,
		"file 0 /srv/plan\nto 1 read reader\nto 2 debug block gdb (process 30)\n"
		"to 1 descriptor block thief (process 31)\n");
}

/* What a viewer is told of the process at the end of the chain; the caller puts. */
static struct json_object *last_of_chain(uint32_t viewer)
{
	struct hf_reader reader = {.labels = 1, .tgid = 13, .uid = 1000, .comm = "three"};

	make_chain();
	cr_assert_eq(lineage_write(lineage, true), 0);
	reader.source = (struct hf_source){
		.tgid = 12, .start_ktime_ns = 12000, .hop = HF_HOP_QUEUE};
	reader.origins.count = 1;
	reader.origins.keys[0] = key_of(1);
	return lineage_reader(lineage, NULL, &reader, viewer);
}

Test(lineage, a_reader_and_its_hops)
{
	auto_call(json_object_putp) struct json_object *line = last_of_chain(0);

	cr_assert_not_null(line);
	cr_expect_eq(json_object_array_length(json_at(line, "hops")), 3);
	cr_expect_str_eq(json_text(json_object_array_get_idx(json_at(line, "hops"), 0), "how"),
		"message queue");
	cr_expect_str_eq(
		json_text(json_object_array_get_idx(json_at(line, "hops"), 2), "name"), "reader");
	cr_expect_str_eq(json_text(json_object_array_get_idx(json_at(line, "files"), 0), "path"),
		"/srv/plan");
}

/* The others were root's. */
Test(lineage, a_reader_sees_nothing_of_others)
{
	auto_call(json_object_putp) struct json_object *line = last_of_chain(1000);

	cr_assert_not_null(line);
	cr_expect_null(strstr(json_object_to_json_string(line), "plan"));
	cr_expect_null(strstr(json_object_to_json_string(line), "reader"));
	cr_expect(json_true(line, "has_files_of_others"));
}

Test(lineage, the_oldest_rows_go)
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
	cr_assert_eq(lineage_open(path, "b00t", &lineage), 0);
}

Test(lineage, a_full_queue_is_counted)
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

Test(lineage, without_a_store)
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
	FILE *file = fopen(path, "r+e");

	cr_assert_not_null(file);
	cr_assert_eq(fseek(file, offset, SEEK_SET), 0);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

Test(lineage, a_damaged_file_is_told)
{
	char junk[8192];

	memset(junk, '*', sizeof(junk));
	make_chain();
	lineage_free(lineage);
	lineage = NULL;
	overwrite(0, junk, 100);
	cr_expect_eq(lineage_open(path, "b00t", &lineage), -EBADMSG);
	cr_expect_null(lineage);
}

/* Damage behind the first page shows when it is read or written; nothing falls over it. */
Test(lineage, damage_inside_is_survived)
{
	char junk[4096];
	int r;

	memset(junk, 0xa5, sizeof(junk));
	make_chain();
	lineage_free(lineage);
	lineage = NULL;
	for (long page = 1; page < 12; page++)
		overwrite(page * 4096, junk, sizeof(junk));
	r = lineage_open(path, "b00t", &lineage);
	if (r == 0) {
		r = draw("/srv/plan", 0);
		make_chain();
		r = r == 0 || r == -ENOENT ? lineage_write(lineage, true) : r;
	}
	cr_expect_eq(r, -EBADMSG, "%s", strerror(-r));
}

Test(lineage, another_version_is_refused)
{
	sqlite3 *sqlite;

	lineage_free(lineage);
	lineage = NULL;
	cr_assert_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	cr_assert_eq(
		sqlite3_exec(sqlite, "CREATE TABLE version9 (number INTEGER)", NULL, NULL, NULL),
		SQLITE_OK);
	cr_assert_eq(sqlite3_close(sqlite), SQLITE_OK);
	cr_expect_eq(lineage_open(path, "b00t", &lineage), -EPROTO);
}
