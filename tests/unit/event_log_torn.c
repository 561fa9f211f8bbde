/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log that a crash, or a full disk, left half written: what is cut, and what stays apart. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/fixtures/event_log_files.h"

/* A file that can't be cut (chattr +a, a failing disk), played in libc's place. */
static bool is_cutting_refused;

int ftruncate(int fd, off_t size)
{
	if (is_cutting_refused) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_ftruncate, fd, size);
}

TestSuite(event_log_torn, .init = directory_make, .fini = directory_remove);

Test(event_log_torn, a_torn_last_line_is_cut_and_counted)
{
	struct event_log *log;

	file_write(0, "0000000000000000000000000000001\n{\"time\":17");
	log = log_open_with(0, 0, 10);
	cr_expect_eq(size_of(0), (long)LINE_SIZE);
	append_number(log, 2);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
}

Test(event_log_torn, nothing_but_a_torn_line)
{
	struct event_log *log;
	char text[9001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	file_write(0, text);
	log = log_open_with(0, 0, 9000);
	cr_expect_eq(size_of(0), 0);
	event_log_free(log);
}

/* The newline may be anywhere around the blocks in which it is looked for. */
Test(event_log_torn, torn_lines_of_any_length)
{
	static const size_t sizes[] = {0, 1, 4063, 4064, 4065, 4095, 4096, 4097, 8160, 8192, 20000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *text = malloc(LINE_SIZE + sizes[i] + 1);

		cr_assert(text);
		memcpy(text, LINE, LINE_SIZE);
		memset(text + LINE_SIZE, 'x', sizes[i]);
		text[LINE_SIZE + sizes[i]] = '\0';
		file_write(0, text);
		free(text);
		event_log_free(log_open_with(0, 0, sizes[i]));
		cr_expect_eq(size_of(0), (long)LINE_SIZE, "%zu torn bytes", sizes[i]);
	}
}

/* A disk that is full in the middle of a line, played by the limit on file sizes. */
Test(event_log_torn, all_or_nothing)
{
	struct event_log *log = log_open_with(0, 0, 0);
	const struct rlimit tight = {LINE_SIZE + 10, RLIM_INFINITY};
	const struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};

	append_number(log, 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	cr_expect_lt(event_log_append(log, LINE, LINE_SIZE), 0);
	cr_expect_lt(event_log_append(log, LINE LINE, 2 * LINE_SIZE), 0, "again");
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	cr_expect_eq(size_of(0), (long)LINE_SIZE, "no part of it is left");
	append_number(log, 2);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
	event_log_free(log_open_with(0, 0, 0));
}

/* Lines of an older file that the crash of an older version tore: the whole ones count. */
Test(event_log_torn, a_torn_line_in_an_older_file)
{
	struct event_log *log;

	file_write(1, "0000000000000000000000000000001\n{\"torn");
	file_write(0, "0000000000000000000000000000002\n");
	log = log_open_with(4 * LINE_SIZE, 4, 0);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
}

/* What is in the current file, all of it. */
static const char *file_read(void)
{
	static char text[4096];
	FILE *file = fopen(path_of(0), "r");

	cr_assert(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	cr_assert_eq(fclose(file), 0);
	return text;
}

/* Three events, and the file ends after every byte of the third in turn. */
static void torn_at(size_t kept)
{
	char text[3 * LINE_SIZE + 1] = "0000000000000000000000000000001\n"
				       "0000000000000000000000000000002\n"
				       "0000000000000000000000000000003\n";

	text[2 * LINE_SIZE + kept] = '\0';
	file_write(0, text);
}

Test(event_log_torn, torn_at_every_byte_of_the_last_line)
{
	for (size_t kept = 0; kept <= LINE_SIZE; kept++) {
		bool is_whole = kept == LINE_SIZE;
		struct event_log *log;

		torn_at(kept);
		log = log_open_with(0, 0, is_whole ? 0 : kept);
		expect_tail(log, 1 << 20, 1, is_whole ? 3 : 2);
		append_number(log, is_whole ? 4 : 3);
		expect_tail(log, 1 << 20, 1, is_whole ? 4 : 3);
		cr_expect_eq(size_of(0), (is_whole ? 4 : 3) * (long)LINE_SIZE, "%zu", kept);
		event_log_free(log);
	}
}

/* The rest stays, on a line of its own that no reader takes for an event: not even a whole one. */
Test(event_log_torn, torn_at_every_byte_and_not_to_be_cut)
{
	for (size_t kept = 1; kept < LINE_SIZE; kept++) {
		char wanted[5 * LINE_SIZE];
		struct event_log *log;

		torn_at(kept);
		is_cutting_refused = true;
		log = log_open_with(0, 0, kept);
		expect_tail(log, 1 << 20, 1, 2);
		append_number(log, 3);
		expect_tail(log, 1 << 20, 1, 3);
		event_log_free(log);
		(void)snprintf(wanted, sizeof(wanted),
			"%031u\n%031u\n%.*s" EVENT_LOG_TORN "\n%031u\n", 1, 2, (int)kept,
			"0000000000000000000000000000003", 3);
		cr_expect_str_eq(file_read(), wanted, "%zu", kept);
		log = log_open_with(0, 0, 0); /* told once */
		expect_tail(log, 1 << 20, 1, 3);
		event_log_free(log);
		is_cutting_refused = false;
	}
}

/* Written in part at every byte, and the part can't be taken back: the next one is not glued to it. */
Test(event_log_torn, half_written_and_not_to_be_cut)
{
	const struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	for (size_t kept = 1; kept < LINE_SIZE; kept++) {
		const struct rlimit tight = {LINE_SIZE + kept, RLIM_INFINITY};
		struct event_log *log;

		file_write(0, "0000000000000000000000000000001\n");
		log = log_open_with(0, 0, 0);
		is_cutting_refused = true;
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
		cr_expect_lt(event_log_append(log, LINE, LINE_SIZE), 0);
		cr_expect_lt(event_log_append(log, LINE, LINE_SIZE), 0, "still full");
		cr_expect_eq(size_of(0), (long)(LINE_SIZE + kept));
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
		append_number(log, 2);
		expect_tail(log, 1 << 20, 1, 2);
		event_log_free(log);
		is_cutting_refused = false;
		event_log_free(log_open_with(0, 0, 0));
		cr_expect_not_null(strstr(file_read(), EVENT_LOG_TORN "\n"));
	}
}

/* Half written, and cut as soon as that goes again: no trace is left. */
Test(event_log_torn, half_written_and_cut_later)
{
	const struct rlimit tight = {LINE_SIZE + 7, RLIM_INFINITY};
	const struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};
	struct event_log *log = log_open_with(0, 0, 0);

	append_number(log, 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	is_cutting_refused = true;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	cr_expect_lt(event_log_append(log, LINE, LINE_SIZE), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	is_cutting_refused = false;
	append_number(log, 2);
	cr_expect_eq(size_of(0), 2 * (long)LINE_SIZE);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
}
