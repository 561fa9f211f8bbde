/* SPDX-License-Identifier: Apache-2.0 */
/* The loop device goes with its last use: LO_FLAGS_AUTOCLEAR. */
#include "agent/vault/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"

#define MAKER	    "/sbin/mke2fs"
#define LOOP_TRIES  16 /* another process may take the free device first */
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV)

static int run_maker(const char *path)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0) {
		/* No reserved blocks; tables are written now, not by a thread of the kernel's later. */
		(void)execl(MAKER, "mke2fs", "-q", "-F", "-t", "ext4", "-O",
			"encrypt,metadata_csum,64bit", "-b", "4096", "-m", "0", "-E",
			"lazy_itable_init=0,lazy_journal_init=0,nodiscard", path, (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int image_make(int directory_fd, const char *name, uint64_t size_bytes)
{
	auto_close int fd = -EBADF;
	char fresh[NAME_MAX + 1], path[64];
	struct stat status;
	int r;

	if (fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISREG(status.st_mode) ? 0 : -EEXIST;
	if (snprintf(fresh, sizeof(fresh), "%s.new", name) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	(void)unlinkat(directory_fd, fresh, 0); /* of an earlier try */
	fd = openat(directory_fd, fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)size_bytes) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	r = run_maker(path);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(directory_fd, fresh, directory_fd, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(directory_fd, fresh, 0); /* worthless */
		return r;
	}
	return fsync(directory_fd) < 0 ? -errno : 0;
}

/* The device with the file in it, and its path. Held until it is mounted. */
static int loop_attach(int file_fd, char ret_path[32])
{
	auto_close int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {.fd = (uint32_t)file_fd,
		.block_size = 4096,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO};

	if (control_fd < 0)
		return -errno;
	for (int i = 0; i < LOOP_TRIES; i++) {
		int number = ioctl(control_fd, LOOP_CTL_GET_FREE), fd;

		if (number < 0)
			return -errno;
		(void)snprintf(ret_path, 32, "/dev/loop%d", number);
		fd = open(ret_path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			return fd;
		if (errno == EINVAL && (config.info.lo_flags & LO_FLAGS_DIRECT_IO)) {
			config.info.lo_flags = LO_FLAGS_AUTOCLEAR; /* twice in memory, then */
			config.block_size = 0;
		} else if (errno != EBUSY) {
			number = errno;
			(void)close(fd); /* nothing is in it */
			return -number;
		}
		(void)close(fd); /* nothing is in it */
	}
	return -EBUSY;
}

static int mount_path(const char *vault, const char *below, char ret_path[PATH_MAX])
{
	return snprintf(ret_path, PATH_MAX, IMAGE_MOUNTS "/%s%s", vault, below) >= PATH_MAX
		       ? -ENAMETOOLONG
		       : 0;
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* Whether another file system, or another place of one, stands at b than at a. */
static int is_same_place(int a_fd, int b_fd)
{
	struct stat a, b;

	if (fstat(a_fd, &a) < 0 || fstat(b_fd, &b) < 0)
		return -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int image_is_mounted(const char *vault)
{
	auto_close int root_fd = -EBADF, above_fd = open_directory(IMAGE_MOUNTS);
	struct stat root, above;
	char path[PATH_MAX];
	int r = mount_path(vault, "", path);

	if (r < 0)
		return r;
	if (above_fd < 0)
		return above_fd == -ENOENT ? 0 : above_fd;
	root_fd = open_directory(path);
	if (root_fd < 0)
		return root_fd == -ENOENT ? 0 : root_fd;
	if (fstat(root_fd, &root) < 0 || fstat(above_fd, &above) < 0)
		return -errno;
	return root.st_dev != above.st_dev;
}

int image_mount(int directory_fd, const char *name, const char *vault)
{
	auto_close int file_fd = -EBADF, loop_fd = -EBADF;
	char path[PATH_MAX], device[32];
	int r;

	r = mount_path(vault, "", path);
	if (r < 0)
		return r;
	if ((mkdir(IMAGE_MOUNTS, 0700) < 0 && errno != EEXIST) ||
		(mkdir(path, 0700) < 0 && errno != EEXIST))
		return -errno;
	r = image_is_mounted(vault);
	if (r < 0)
		return r;
	if (r == 1)
		return open_directory(path);
	file_fd = openat(directory_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (file_fd < 0)
		return -errno;
	loop_fd = loop_attach(file_fd, device);
	if (loop_fd < 0)
		return loop_fd;
	if (mount(device, path, "ext4", MOUNT_FLAGS, NULL) < 0)
		return -errno;
	return open_directory(path);
}

int image_is_shown(const char *vault, const char *path)
{
	auto_close int inside_fd = -EBADF, shown_fd = open_directory(path);
	char inside[PATH_MAX];
	int r = mount_path(vault, "/" IMAGE_INSIDE, inside);

	if (r < 0)
		return r;
	if (shown_fd < 0)
		return shown_fd;
	inside_fd = open_directory(inside);
	if (inside_fd < 0)
		return inside_fd == -ENOENT ? 0 : inside_fd;
	return is_same_place(inside_fd, shown_fd);
}

int image_show(const char *vault, const char *path)
{
	char inside[PATH_MAX];
	int r = image_is_shown(vault, path);

	if (r != 0)
		return r < 0 ? r : 0;
	r = mount_path(vault, "/" IMAGE_INSIDE, inside);
	if (r < 0)
		return r;
	return mount(inside, path, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

int image_hide(const char *vault, const char *path)
{
	int r = image_is_shown(vault, path);

	if (r != 1)
		return r < 0 ? r : 0;
	return umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
}
