/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own boot id and clock, and what root can put in their place. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/boot.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define ID_PATH "/proc/sys/kernel/random/boot_id"

static const char forged[] = "5b6a7988-97a6-4b5c-8d3e-2f1f0f1e2d3c\n";
static char forged_path[] = "/tmp/holdfast-boot-XXXXXX";

static void start(void)
{
	int fd;

	if (geteuid() != 0)
		cr_skip_test("needs root, to do what root can");
	fd = mkstemp(forged_path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, forged, strlen(forged)), (ssize_t)strlen(forged));
	(void)close(fd);
}

static void stop(void)
{
	(void)unlink(forged_path);
}

TestSuite(boot, .init = start, .fini = stop);

/* In a process of its own; 0 when act could be done and said so, 77 when it could not be tried. */
static int apart(int (*act)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(act());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(boot, it_is_the_kernels)
{
	uint8_t id[UUID_SIZE], again[UUID_SIZE], wanted[UUID_SIZE];
	char text[UUID_TEXT_SIZE] = "";
	int fd = open(ID_PATH, O_RDONLY);

	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	(void)close(fd);
	cr_assert_eq(uuid_parse(text, wanted), 0);
	cr_assert_eq(boot_id_read(id), 0);
	cr_expect_arr_eq(id, wanted, sizeof(id));
	cr_expect_eq(boot_id_read(again), 0);
	cr_expect_arr_eq(id, again, sizeof(id));
	cr_expect_eq(boot_clock_check(), 0);
}

static bool mounts_apart(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int with_a_file_over_it(void)
{
	uint8_t id[UUID_SIZE];
	char text[64] = "";
	int fd;

	if (!mounts_apart() || mount(forged_path, ID_PATH, NULL, MS_BIND, NULL) < 0)
		return 77;
	fd = open(ID_PATH, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0 || strcmp(text, forged) != 0)
		return 77;
	return boot_id_read(id) == -EXDEV && id[0] == 0 ? 0 : 1;
}

/* Of procfs as well, with a text that root sets. */
static int with_another_of_procfs_over_it(void)
{
	uint8_t id[UUID_SIZE];

	if (!mounts_apart() || mount("/proc/sys/kernel/hostname", ID_PATH, NULL, MS_BIND, NULL) < 0)
		return 77;
	return boot_id_read(id) == -EXDEV ? 0 : 1;
}

static int with_another_proc(void)
{
	uint8_t id[UUID_SIZE];

	if (!mounts_apart() || mount("/tmp", "/proc", NULL, MS_BIND, NULL) < 0)
		return 77;
	return boot_id_read(id) == -EXDEV ? 0 : 1;
}

Test(boot, what_is_mounted_over_it_is_not_believed)
{
	int result = apart(with_a_file_over_it);

	if (result == 77)
		cr_skip_test("mounts can't be made here");
	cr_expect_eq(result, 0);
	cr_expect_eq(apart(with_another_of_procfs_over_it), 0);
	cr_expect_eq(apart(with_another_proc), 0);
}

static int looks_at_clock(void)
{
	return boot_clock_check() == -EXDEV ? 0 : 1;
}

/* Who unshares is not in it yet: its children are. */
static int in_a_time_namespace(void)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return 77;
	return apart(looks_at_clock);
}

Test(boot, nor_is_a_clock_of_a_namespace)
{
	int result = apart(in_a_time_namespace);

	if (result == 77)
		cr_skip_test("this kernel has no time namespaces");
	cr_expect_eq(result, 0);
}
