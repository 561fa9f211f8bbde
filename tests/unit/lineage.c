/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn from the lineage store: whence a file's content came, and where it went. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "tests/unit/fixtures/lineage_records.h"

CLEANUP_DEFINE(struct json_object, json_object_put)

TestSuite(lineage, .init = store_begin, .fini = store_end);

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
