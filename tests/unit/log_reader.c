/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the event log behind the engine's back, with the engine's own writer. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/event_log.h"
#include "agent/uplink/log_reader.h"

static char directory[64];
static struct event_log *event_log;
static struct log_reader *reader;

static void make_log(void)
{
	const struct event_log_limits limits = {.size_max = 4096, .generations = 4};
	size_t torn;

	(void)snprintf(directory, sizeof(directory), "/tmp/hf-log-XXXXXX");
	cr_assert(mkdtemp(directory));
	cr_assert_eq(event_log_open(directory, &limits, &event_log, &torn), 0);
	cr_assert_eq(log_reader_open(directory, &reader), 0);
	log_reader_seek(reader, 1);
}

static void remove_log(void)
{
	char command[128];

	event_log_free(event_log);
	log_reader_free(reader);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	cr_assert_eq(system(command), 0);
}

/* As the engine writes them: its own numbers come behind metadata's. */
static void append(uint64_t sequence, unsigned int severity)
{
	char line[512];
	int size = snprintf(line, sizeof(line),
		"{\"time\":1,\"severity_id\":%u,\"metadata\":{\"product\":{\"name\":\"h\"},"
		"\"sequence\":%" PRIu64 "},\"file\":{\"name\":\"a\\\"sequence\\\":7\"},"
		"\"unmapped\":{\"holdfast\":{\"kernel\":"
		"{\"sequence\":99}}}}\n",
		severity, sequence);

	cr_assert_eq(event_log_append(event_log, line, (size_t)size), 0);
}

static void expect_next(uint64_t sequence)
{
	struct log_line line = {0};

	cr_assert_eq(
		log_reader_next(reader, &line), 1, "event %" PRIu64 " does not come", sequence);
	cr_expect_eq(line.sequence, sequence, "%" PRIu64 " in place of %" PRIu64, line.sequence,
		sequence);
	cr_expect_eq(line.text[line.size - 1], '\n');
}

static void expect_none(void)
{
	struct log_line line;

	cr_expect_eq(log_reader_next(reader, &line), 0);
}

TestSuite(log_reader, .init = make_log, .fini = remove_log);

Test(log_reader, comes_as_it_is_written)
{
	expect_none();
	append(1, 1);
	append(2, 1);
	expect_next(1);
	expect_next(2);
	expect_none();
	append(3, 1);
	expect_next(3);
	expect_none();
}

Test(log_reader, says_what_is_an_alert)
{
	struct log_line line;

	append(1, 3);
	append(2, 4);
	cr_assert_eq(log_reader_next(reader, &line), 1);
	cr_expect_not(line.is_alert);
	cr_assert_eq(log_reader_next(reader, &line), 1);
	cr_expect(line.is_alert);
}

Test(log_reader, begins_where_it_is_told)
{
	for (uint64_t i = 1; i <= 40; i++)
		append(i, 1); /* over several files */
	log_reader_seek(reader, 33);
	for (uint64_t i = 33; i <= 40; i++)
		expect_next(i);
	expect_none();
	log_reader_seek(reader, 100);
	expect_none();
	append(100, 1);
	expect_next(100);
}

Test(log_reader, follows_over_rotations)
{
	for (uint64_t i = 1; i <= 400; i++) {
		append(i, 1);
		expect_next(i);
	}
	expect_none();
}

Test(log_reader, catches_up_over_files)
{
	for (uint64_t i = 1; i <= 30; i++)
		append(i, 1);
	expect_next(1);
	for (uint64_t i = 31; i <= 45; i++)
		append(i, 1); /* the file that is open has another name now */
	for (uint64_t i = 2; i <= 45; i++)
		expect_next(i);
	expect_none();
}

Test(log_reader, what_was_rotated_away_is_one_gap)
{
	struct log_line line;
	uint64_t last = 1;
	unsigned int gaps = 0;

	append(1, 1);
	expect_next(1);
	for (uint64_t i = 2; i <= 1000; i++)
		append(i, 1);
	while (log_reader_next(reader, &line) == 1) {
		cr_expect_gt(line.sequence, last);
		gaps += line.sequence != last + 1;
		last = line.sequence;
	}
	cr_expect_eq(last, 1000);
	cr_expect_eq(gaps, 1, "%u gaps", gaps);
}

Test(log_reader, what_is_no_event_is_left_out)
{
	static const char bad[] =
		"{\"metadata\":{}}\nnothing\n{\"metadata\":{\"sequence\":2~torn\n";

	append(1, 1);
	cr_assert_eq(event_log_append(event_log, bad, sizeof(bad) - 1), 0);
	append(2, 1);
	expect_next(1);
	expect_next(2);
	cr_expect_eq(log_reader_skipped(reader), 3);
}

Test(log_reader, half_a_line_waits_for_the_rest)
{
	char path[128];
	FILE *file;

	append(1, 1);
	(void)snprintf(path, sizeof(path), "%s/%s", directory, EVENT_LOG_NAME);
	file = fopen(path, "a");
	cr_assert(file);
	(void)fputs("{\"metadata\":{\"seq", file);
	(void)fflush(file);
	expect_next(1);
	expect_none();
	(void)fputs("uence\":2}}\n", file);
	(void)fclose(file); /* written */
	expect_next(2);
	cr_expect_eq(log_reader_sync(reader), 0);
}

static bool is_told(void)
{
	struct pollfd watch = {.fd = log_reader_fd(reader), .events = POLLIN};

	return poll(&watch, 1, 0) == 1;
}

/* Also by a file that takes the log's place. */
Test(log_reader, a_change_is_told)
{
	char path[80], older[96];

	log_reader_heard(reader);
	cr_expect_not(is_told());
	append(1, 1);
	cr_expect(is_told());
	log_reader_heard(reader);
	cr_expect_not(is_told());
	expect_next(1);
	expect_none();
	cr_expect_not(is_told(), "reading is no change");
	(void)snprintf(path, sizeof(path), "%s/%s", directory, EVENT_LOG_NAME);
	(void)snprintf(older, sizeof(older), "%s.1", path);
	cr_assert_eq(rename(path, older), 0);
	cr_expect(is_told());
}
