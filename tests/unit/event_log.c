/* SPDX-License-Identifier: Apache-2.0 */
/* The log's files on a real disk: what rotates, what is cut, what can be read back. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/engine/event_log.h"

#define LINE	  "0123456789abcdef0123456789abcde\n" /* 32 bytes */
#define LINE_SIZE (sizeof(LINE) - 1)

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

static char directory[] = "/tmp/holdfast-event-log-XXXXXX";

static void directory_make(void)
{
	cr_assert(mkdtemp(directory), "cannot make '%s'", directory);
}

static void directory_remove(void)
{
	DIR *entries = opendir(directory);

	for (struct dirent *entry = entries ? readdir(entries) : NULL; entry;
		entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0); /* "." and ".." stay */
	if (entries)
		(void)closedir(entries);
	(void)rmdir(directory); /* what is left in /tmp is no failure of the log */
}

TestSuite(event_log, .init = directory_make, .fini = directory_remove);

static const char *path_of(unsigned int generation)
{
	static char path[128];

	if (generation)
		(void)snprintf(
			path, sizeof(path), "%s/" EVENT_LOG_NAME ".%u", directory, generation);
	else
		(void)snprintf(path, sizeof(path), "%s/" EVENT_LOG_NAME, directory);
	return path;
}

/* -1 = there is none. */
static long size_of(unsigned int generation)
{
	struct stat status;

	return stat(path_of(generation), &status) < 0 ? -1 : (long)status.st_size;
}

static void file_write(unsigned int generation, const char *text)
{
	FILE *file = fopen(path_of(generation), "w");

	cr_assert(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

static struct event_log *log_open_with(size_t size_max, unsigned int generations, size_t torn)
{
	const struct event_log_limits limits = {size_max, generations};
	struct event_log *log = NULL;
	size_t found = SIZE_MAX;

	cr_assert_eq(event_log_open(directory, &limits, &log, &found), 0);
	cr_assert(log);
	cr_expect_eq(found, torn, "%zu bytes cut off", found);
	return log;
}

static void append_number(struct event_log *log, unsigned int number)
{
	char line[LINE_SIZE + 1];

	(void)snprintf(line, sizeof(line), "%031u\n", number);
	cr_assert_eq(event_log_append(log, line, LINE_SIZE), 0);
}

struct seen {
	unsigned int count, first, last;
	bool has_gap;
};

static void on_number(const char *line, size_t size, void *userdata)
{
	struct seen *seen = userdata;
	char text[LINE_SIZE];
	unsigned int number;

	cr_assert_eq(size, LINE_SIZE - 1);
	memcpy(text, line, size);
	text[size] = '\0';
	number = (unsigned int)strtoul(text, NULL, 10);
	if (seen->count++)
		seen->has_gap |= number != seen->last + 1;
	else
		seen->first = number;
	seen->last = number;
}

/* Numbers first to last, in order, each once. */
static void expect_tail(
	const struct event_log *log, size_t size_max, unsigned int first, unsigned int last)
{
	struct seen seen = {0};

	cr_assert_eq(event_log_tail(log, size_max, on_number, &seen), 0);
	cr_expect_not(seen.has_gap);
	cr_expect_eq(seen.first, first, "first is %u", seen.first);
	cr_expect_eq(seen.last, last, "last is %u", seen.last);
	cr_expect_eq(seen.count, last - first + 1);
}

static void expect_empty_tail(const struct event_log *log, size_t size_max)
{
	struct seen seen = {0};

	cr_assert_eq(event_log_tail(log, size_max, on_number, &seen), 0);
	cr_expect_eq(seen.count, 0);
}

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
	cr_expect_lt(event_log_open(directory, NULL, &log, &torn), 0, "a symbolic link");
	cr_assert_eq(unlink(path_of(0)), 0);
	cr_assert_eq(mkfifo(path_of(0), 0600), 0);
	cr_expect_lt(event_log_open(directory, NULL, &log, &torn), 0, "a pipe");
	cr_expect_null(log);
}

/* An engine before us may be about to end: two must not write. */
Test(event_log, one_writer)
{
	struct event_log *log = log_open_with(0, 0, 0);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

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

Test(event_log, a_torn_last_line_is_cut_and_counted)
{
	struct event_log *log;

	file_write(0, "0000000000000000000000000000001\n{\"time\":17");
	log = log_open_with(0, 0, 10);
	cr_expect_eq(size_of(0), (long)LINE_SIZE);
	append_number(log, 2);
	expect_tail(log, 1 << 20, 1, 2);
	event_log_free(log);
}

Test(event_log, nothing_but_a_torn_line)
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
Test(event_log, torn_lines_of_any_length)
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

/* A disk that is full in the middle of a line, played by the limit on file sizes. */
Test(event_log, all_or_nothing)
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

/* Lines of an older file that the crash of an older version tore: the whole ones count. */
Test(event_log, a_torn_line_in_an_older_file)
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

Test(event_log, torn_at_every_byte_of_the_last_line)
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
Test(event_log, torn_at_every_byte_and_not_to_be_cut)
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
Test(event_log, half_written_and_not_to_be_cut)
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
Test(event_log, half_written_and_cut_later)
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
