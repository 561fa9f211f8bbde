/* SPDX-License-Identifier: Apache-2.0 */
/* The log's files on a real disk: what rotates, what can be read back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/event_log_files.h"

TestSuite(event_log, .init = directory_make, .fini = directory_remove);

Test(event_log, opens_and_makes)
{
	struct event_log *log = log_open_with(0, 0, 0);
	struct stat status;

	cr_assert_eq(stat(path_of(0), &status), 0);
	cr_expect_eq(status.st_size, 0);
	cr_expect_eq(status.st_mode & 0137, 0, "mode %o", status.st_mode);
	expect_empty_tail(log, 1 << 20);
	cr_expect_eq(event_log_sync(log, true), 0);
	event_log_free(log);
	event_log_free(NULL);
}

Test(event_log, no_directory)
{
	struct event_log *log = NULL;
	size_t torn = 7;

	cr_expect_eq(event_log_open("/nonexistent/holdfast", NULL, &log, &torn), -ENOENT);
	cr_expect_null(log);
	cr_expect_eq(torn, 7);
}

Test(event_log, only_a_plain_file)
{
	struct event_log *log = NULL;
	size_t torn;

	cr_assert_eq(symlink("/tmp/elsewhere", path_of(0)), 0);
	cr_expect_lt(event_log_open(log_directory, NULL, &log, &torn), 0, "a symbolic link");
	cr_assert_eq(unlink(path_of(0)), 0);
	cr_assert_eq(mkfifo(path_of(0), 0600), 0);
	cr_expect_lt(event_log_open(log_directory, NULL, &log, &torn), 0, "a pipe");
	cr_expect_null(log);
}

/* An engine before us may be about to end: two must not write. */
Test(event_log, one_writer)
{
	struct event_log *log = log_open_with(0, 0, 0);
	int fd = open(log_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_expect(flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	event_log_free(log);
	cr_expect_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	(void)close(fd);
}

Test(event_log, appends_and_goes_on)
{
	struct event_log *log = log_open_with(0, 0, 0);

	append_number(log, 1);
	append_number(log, 2);
	event_log_free(log);
	log = log_open_with(0, 0, 0);
	append_number(log, 3);
	cr_expect_eq(size_of(0), 3 * (long)LINE_SIZE);
	expect_tail(log, 1 << 20, 1, 3);
	event_log_free(log);
}

Test(event_log, appends_only_lines)
{
	struct event_log *log = log_open_with(0, 0, 0);

	cr_expect_eq(event_log_append(log, "no newline", 10), -EINVAL);
	cr_expect_eq(event_log_append(log, "", 0), -EINVAL);
	cr_expect_eq(size_of(0), 0);
	cr_expect_eq(event_log_append(log, LINE LINE, 2 * LINE_SIZE), 0, "two at once");
	cr_expect_eq(size_of(0), 2 * (long)LINE_SIZE);
	event_log_free(log);
}

Test(event_log, rotates_by_size)
{
	struct event_log *log = log_open_with(4 * LINE_SIZE, 3, 0);

	for (unsigned int number = 1; number <= 4; number++)
		append_number(log, number);
	cr_expect_eq(size_of(0), 4 * (long)LINE_SIZE, "exactly full is not too full");
	cr_expect_eq(size_of(1), -1);
	append_number(log, 5);
	cr_expect_eq(size_of(0), (long)LINE_SIZE);
	cr_expect_eq(size_of(1), 4 * (long)LINE_SIZE);
	cr_expect_eq(size_of(2), -1);
	event_log_free(log);
}

Test(event_log, keeps_no_more_generations)
{
	struct event_log *log = log_open_with(4 * LINE_SIZE, 3, 0);

	for (unsigned int number = 1; number <= 18; number++) {
		append_number(log, number);
		cr_assert_leq(size_of(0), 4 * (long)LINE_SIZE);
		cr_assert_eq(size_of(3), -1, "at number %u", number);
	}
	cr_expect_eq(size_of(2), 4 * (long)LINE_SIZE);
	expect_tail(log, 1 << 20, 9, 18);
	event_log_free(log);
}

Test(event_log, a_single_generation)
{
	struct event_log *log = log_open_with(4 * LINE_SIZE, 1, 0);

	for (unsigned int number = 1; number <= 6; number++)
		append_number(log, number);
	cr_expect_eq(size_of(0), 2 * (long)LINE_SIZE);
	cr_expect_eq(size_of(1), -1);
	expect_tail(log, 1 << 20, 5, 6);
	event_log_free(log);
}

/* More than a whole file at once: one file of its own, never half of it. */
Test(event_log, larger_than_a_file)
{
	struct event_log *log = log_open_with(LINE_SIZE, 3, 0);

	cr_expect_eq(event_log_append(log, LINE LINE LINE, 3 * LINE_SIZE), 0);
	cr_expect_eq(size_of(0), 3 * (long)LINE_SIZE);
	cr_expect_eq(size_of(1), -1, "an empty file is not rotated");
	cr_expect_eq(event_log_append(log, LINE, LINE_SIZE), 0);
	cr_expect_eq(size_of(1), 3 * (long)LINE_SIZE);
	event_log_free(log);
}

Test(event_log, tail_is_bounded)
{
	struct event_log *log = log_open_with(0, 0, 0);

	for (unsigned int number = 1; number <= 10; number++)
		append_number(log, number);
	expect_tail(log, 10 * LINE_SIZE, 1, 10);
	expect_tail(log, 10 * LINE_SIZE - 1, 2, 10);
	expect_tail(log, 3 * LINE_SIZE + 1, 8, 10);
	expect_empty_tail(log, LINE_SIZE - 1);
	expect_empty_tail(log, 0);
	event_log_free(log);
}

Test(event_log, tail_over_generations)
{
	struct event_log *log = log_open_with(4 * LINE_SIZE, 4, 0);

	for (unsigned int number = 1; number <= 14; number++) /* 2 in the youngest, 4 in each */
		append_number(log, number);
	expect_tail(log, 1 << 20, 1, 14);
	expect_tail(log, 14 * LINE_SIZE, 1, 14);
	expect_tail(log, 9 * LINE_SIZE + 1, 6, 14);
	expect_tail(log, 6 * LINE_SIZE, 9, 14);
	expect_tail(log, 2 * LINE_SIZE, 13, 14);
	event_log_free(log);
	log = log_open_with(4 * LINE_SIZE, 4, 0);
	expect_tail(log, 1 << 20, 1, 14);
	event_log_free(log);
}

/* The current file was renamed, the next one not yet made. */
Test(event_log, no_current_file)
{
	struct event_log *log;

	file_write(1, "0000000000000000000000000000001\n");
	log = log_open_with(4 * LINE_SIZE, 4, 0);
	append_number(log, 2);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
}

/* A rotation that died half-way left no number 1: what is older is still read, and kept. */
Test(event_log, a_gap_hides_nothing)
{
	struct event_log *log;

	file_write(3, "0000000000000000000000000000001\n");
	file_write(2, "0000000000000000000000000000002\n");
	file_write(0, "0000000000000000000000000000003\n");
	log = log_open_with(LINE_SIZE, 4, 0);
	expect_tail(log, 1 << 20, 1, 3);
	append_number(log, 4);
	expect_tail(log, 1 << 20, 1, 4);
	cr_expect_eq(size_of(1), (long)LINE_SIZE, "no further than to the free number");
	cr_expect_eq(size_of(3), (long)LINE_SIZE);
	event_log_free(log);
}

/* A window that begins at a line's first byte loses no line. */
Test(event_log, tail_from_the_start_of_a_line)
{
	struct event_log *log = log_open_with(0, 0, 0);

	for (unsigned int number = 1; number <= 3; number++)
		append_number(log, number);
	expect_tail(log, 2 * LINE_SIZE, 2, 3);
	expect_tail(log, 2 * LINE_SIZE - 1, 3, 3);
	event_log_free(log);
}
