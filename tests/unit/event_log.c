/* SPDX-License-Identifier: Apache-2.0 */
/* The event log: torn lines, rotation, the tail read back; and each record written once. */
#include "agent/engine/event_log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>

#include "agent/engine/accounting.h"

static char directory[64];

static void begin(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/holdfast-log-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
}

static void end(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf -- %s", directory);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(event_log, .init = begin, .fini = end);

static void path_of(unsigned int generation, char ret_path[128])
{
	if (generation)
		(void)snprintf(ret_path, 128, "%s/%s.%u", directory, EVENT_LOG_NAME, generation);
	else
		(void)snprintf(ret_path, 128, "%s/%s", directory, EVENT_LOG_NAME);
}

static void put_file(const char *text, size_t size)
{
	char path[128];
	FILE *file;

	path_of(0, path);
	file = fopen(path, "we");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(text, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

static struct event_log *log_of(const struct event_log_limits *limits, size_t *ret_torn)
{
	struct event_log *log = NULL;

	cr_assert_eq(event_log_open(directory, limits, &log, ret_torn), 0);
	return log;
}

static void collect(const char *line, size_t size, void *userdata)
{
	char *all = userdata;

	(void)strncat(all, line, size);
	(void)strcat(all, "|");
}

Test(event_log, torn_line_is_cut)
{
	char all[256] = "";
	struct event_log *log;
	size_t torn = 99;

	put_file("{\"a\":1}\n{\"b\":2}\n{\"c\":", 21);
	log = log_of(NULL, &torn);
	cr_expect_eq(torn, 5);
	cr_assert_eq(event_log_append(log, "{\"d\":4}\n", 8), 0);
	cr_assert_eq(event_log_tail(log, 1 << 20, collect, all), 0);
	cr_expect_str_eq(all, "{\"a\":1}|{\"b\":2}|{\"d\":4}|");
	event_log_free(log);
}

Test(event_log, only_a_torn_line)
{
	char text[10000];
	struct event_log *log;
	size_t torn = 0;

	memset(text, 'x', sizeof(text));
	put_file(text, sizeof(text));
	log = log_of(NULL, &torn);
	cr_expect_eq(torn, sizeof(text));
	event_log_free(log);
}

Test(event_log, whole_log_is_left_alone)
{
	struct event_log *log;
	size_t torn = 99;

	put_file("{}\n", 3);
	log = log_of(NULL, &torn);
	cr_expect_eq(torn, 0);
	event_log_free(log);
}

Test(event_log, rotates_and_forgets_the_oldest)
{
	const struct event_log_limits limits = {.size_max = 32, .generations = 3};
	struct event_log *log;
	char line[16], path[128], all[1024] = "";
	struct stat status;
	size_t torn;

	log = log_of(&limits, &torn);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(line, sizeof(line), "{\"n\":%04d}\n", i);
		cr_assert_eq(event_log_append(log, line, strlen(line)), 0);
	}
	path_of(2, path);
	cr_expect_eq(stat(path, &status), 0);
	path_of(3, path);
	cr_expect_neq(stat(path, &status), 0, "three files are three files");
	cr_assert_eq(event_log_tail(log, 1 << 20, collect, all), 0);
	cr_expect_not_null(strstr(all, "{\"n\":0018}|{\"n\":0019}|"), "in order: %s", all);
	cr_expect_null(strstr(all, "0001"), "the oldest is gone: %s", all);
	all[0] = '\0';
	cr_assert_eq(event_log_tail(log, 15, collect, all), 0);
	cr_expect_str_eq(all, "{\"n\":0019}|", "a line that does not fit whole is left out");
	event_log_free(log);
}

Test(event_log, lines_only)
{
	struct event_log *log;
	size_t torn;

	log = log_of(NULL, &torn);
	cr_expect_eq(event_log_append(log, "{}", 2), -EINVAL);
	cr_expect_eq(event_log_append(log, "", 0), -EINVAL);
	event_log_free(log);
}

/* A disk that takes half a line: the half must not stay. */
Test(event_log, half_a_write_is_taken_back)
{
	const struct rlimit limit = {20, 20};
	char all[256] = "";
	struct event_log *log;
	size_t torn;

	log = log_of(NULL, &torn);
	cr_assert_eq(event_log_append(log, "{\"a\":123456}\n", 13), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_lt(event_log_append(log, "{\"b\":123456}\n", 13), 0);
	cr_assert_eq(event_log_tail(log, 1 << 20, collect, all), 0);
	cr_expect_str_eq(all, "{\"a\":123456}|");
	event_log_free(log);
}

Test(accounting, each_once)
{
	struct accounting accounting = {0};

	cr_expect(accounting_is_new(&accounting, 1));
	accounting_take(&accounting, 1);
	accounting_take(&accounting, 3);
	cr_expect(accounting_is_new(&accounting, 2), "nearly in order is in order enough");
	accounting_take(&accounting, 2);
	for (uint64_t i = 1; i <= 3; i++)
		cr_expect(!accounting_is_new(&accounting, i), "%lu", (unsigned long)i);
	cr_expect_eq(accounting.delivered, 3);
}

Test(accounting, restored_from_the_log)
{
	struct accounting accounting = {0};

	accounting_restore(&accounting, 1000, 990);
	accounting_restore(&accounting, 1002, 991);
	cr_expect_eq(accounting.delivered, 991);
	cr_expect(!accounting_is_new(&accounting, 1002));
	cr_expect(accounting_is_new(&accounting, 1001));
	cr_expect(accounting_is_new(&accounting, 1003));
}

Test(accounting, window_slides)
{
	struct accounting accounting = {0};

	accounting_take(&accounting, 5);
	accounting_take(&accounting, 5 + 3 * ACCOUNTING_WINDOW);
	cr_expect(accounting_is_new(&accounting, 4 + 3 * ACCOUNTING_WINDOW));
	cr_expect(accounting_is_new(&accounting, 6 + 3 * ACCOUNTING_WINDOW));
	cr_expect(!accounting_is_new(&accounting, 5), "too old to tell: not twice");
}
