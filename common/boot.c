/* SPDX-License-Identifier: Apache-2.0 */
/* By a descriptor of procfs itself, from which no way leads over a mount. */
#include "common/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"

#define PROC_ROOT_INODE 1
#define TIME_NAMESPACE	"time:[4026531834]" /* the first one: include/linux/proc_ns.h */

static struct {
	bool is_looked;
	int id_error, clock_error;
	uint8_t id[UUID_SIZE];
} known;

static int open_below(int proc_fd, const char *path, int flags)
{
	const struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_XDEV};
	int fd = (int)syscall(SYS_openat2, proc_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int open_proc(void)
{
	auto_close int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs system;
	struct stat status;

	if (fd < 0 || fstatfs(fd, &system) < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (system.f_type != PROC_SUPER_MAGIC || status.st_ino != PROC_ROOT_INODE)
		return -EXDEV;
	return take_fd(fd);
}

static int look_at_id(int proc_fd)
{
	auto_close int fd = open_below(proc_fd, "sys/kernel/random/boot_id", O_RDONLY);
	char text[UUID_TEXT_SIZE] = "";

	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof(text) - 1) != sizeof(text) - 1)
		return -EIO;
	return uuid_parse(text, known.id);
}

/* A kernel without time namespaces has no such link. */
static int look_at_clock(int proc_fd)
{
	auto_close int fd = open_below(proc_fd, "self/ns", O_RDONLY | O_DIRECTORY);
	char text[64] = "";

	if (fd < 0)
		return fd;
	if (readlinkat(fd, "time", text, sizeof(text) - 1) < 0)
		return errno == ENOENT ? 0 : -errno;
	return strcmp(text, TIME_NAMESPACE) != 0 ? -EXDEV : 0;
}

int boot_look(void)
{
	auto_close int proc_fd = open_proc();

	memset(known.id, 0, sizeof(known.id));
	known.id_error = proc_fd < 0 ? proc_fd : look_at_id(proc_fd);
	known.clock_error = proc_fd < 0 ? proc_fd : look_at_clock(proc_fd);
	known.is_looked = true;
	return known.id_error;
}

int boot_id_read(uint8_t ret_id[UUID_SIZE])
{
	if (!known.is_looked)
		(void)boot_look(); /* kept there */
	memcpy(ret_id, known.id, UUID_SIZE);
	return known.id_error;
}

int boot_clock_check(void)
{
	if (!known.is_looked)
		(void)boot_look(); /* likewise */
	return known.clock_error;
}
