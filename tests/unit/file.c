/* SPDX-License-Identifier: Apache-2.0 */
/* A file is replaced whole, or stays as it was. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static char directory[64];
static int directory_fd;

static void start(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/hf-file-XXXXXX");
	cr_assert(mkdtemp(directory));
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY);
	cr_assert_geq(directory_fd, 0);
	(void)umask(022);
}

static void stop(void)
{
	char command[128];

	(void)close(directory_fd); /* read only */
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	cr_assert_eq(system(command), 0);
}

static int put(const char *text, mode_t mode, bool is_new)
{
	const struct file_content content = {.bytes = text,
		.size = strlen(text),
		.mode = mode,
		.group = FILE_GROUP_NONE,
		.is_new = is_new};

	return file_replace(directory_fd, "it", &content);
}

static void expect_text(const char *text)
{
	char got[64] = "";
	int fd = openat(directory_fd, "it", O_RDONLY);

	cr_assert_geq(fd, 0);
	cr_assert_geq(read(fd, got, sizeof(got) - 1), 0);
	(void)close(fd); /* read only */
	cr_expect_str_eq(got, text);
	cr_expect_neq(faccessat(directory_fd, "it.new", F_OK, 0), 0, "left beside");
}

TestSuite(file, .init = start, .fini = stop);

Test(file, is_made_and_replaced)
{
	struct stat status;

	cr_assert_eq(put("one", 0644, false), 0);
	expect_text("one");
	cr_assert_eq(put("two", 0600, false), 0);
	expect_text("two");
	cr_assert_eq(fstatat(directory_fd, "it", &status, 0), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
}

Test(file, new_ones_replace_nothing)
{
	cr_assert_eq(put("one", 0644, true), 0);
	expect_text("one");
	cr_expect_eq(put("two", 0644, true), -EEXIST);
	expect_text("one");
}

Test(file, what_a_crash_left_beside_is_no_hindrance)
{
	int fd = openat(directory_fd, "it.new", O_WRONLY | O_CREAT, 0666);

	cr_assert_geq(fd, 0);
	(void)close(fd); /* empty */
	cr_assert_eq(put("one", 0644, false), 0);
	expect_text("one");
}

Test(file, a_name_that_is_taken_by_a_directory_stays)
{
	cr_assert_eq(mkdirat(directory_fd, "it", 0755), 0);
	cr_expect_lt(put("one", 0644, false), 0);
	cr_expect_neq(faccessat(directory_fd, "it.new", F_OK, 0), 0, "left beside");
}

Test(file, a_group_has_the_mode_whatever_the_umask)
{
	const struct file_content content = {
		.bytes = "x", .size = 1, .mode = 0660, .group = getgid()};
	struct stat status;

	cr_assert_eq(file_replace(directory_fd, "it", &content), 0);
	cr_assert_eq(fstatat(directory_fd, "it", &status, 0), 0);
	cr_expect_eq(status.st_mode & 0777, 0660);
	cr_expect_eq(status.st_gid, getgid());
}

Test(file, in_memory_it_is_sealed)
{
	int fd = file_in_memory("x", "text", 4);
	char got[5] = "";

	cr_assert_geq(fd, 0);
	cr_expect_eq(pread(fd, got, 4, 0), 4);
	cr_expect_str_eq(got, "text");
	cr_expect_lt(pwrite(fd, "T", 1, 0), 0);
	cr_expect_lt(ftruncate(fd, 0), 0);
	(void)close(fd); /* gone either way */
}

static int read_back(size_t size_max, char **ret_text, size_t *ret_size)
{
	int fd = openat(directory_fd, "it", O_RDONLY);
	int r = file_read_all(fd, size_max, ret_text, ret_size);

	(void)close(fd); /* read only */
	return r;
}

Test(file, is_read_whole_or_not)
{
	char *text = NULL;
	size_t size = 1;

	cr_assert_eq(read_back(10, &text, &size), -EBADF);
	cr_assert_eq(put("", 0600, true), 0);
	cr_assert_eq(read_back(0, &text, &size), 0);
	cr_expect_eq(size, 0);
	cr_expect_str_eq(text, "");
	free(text);
	cr_assert_eq(put("seven b", 0600, false), 0);
	cr_assert_eq(read_back(7, &text, &size), 0);
	cr_expect_eq(size, 7);
	cr_expect_str_eq(text, "seven b");
	free(text);
	text = NULL;
	cr_expect_eq(read_back(6, &text, &size), -EFBIG);
	cr_expect_null(text);
}
