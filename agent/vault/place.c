/* SPDX-License-Identifier: Apache-2.0 */
/* Where a vault is, and where it stands while it is made. No path here leads over a symbolic link. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/vault/image.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"

static int open_straight(const char *path)
{
	const struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int place_above(const struct record *record, char ret_name[NAME_MAX + 1])
{
	const char *name = strrchr(record->path, '/');
	char above[PATH_MAX];

	if (!name || !name[1])
		return -EINVAL;
	if ((size_t)snprintf(ret_name, NAME_MAX + 1, "%s", name + 1) > NAME_MAX)
		return -ENAMETOOLONG;
	(void)snprintf(above, sizeof(above), "%.*s",
		name == record->path ? 1 : (int)(name - record->path), record->path);
	return open_straight(above);
}

static int image_root(const struct record *record)
{
	auto_close int above_fd = -EBADF;
	char name[NAME_MAX + 1];
	int r;

	above_fd = place_above(record, name);
	if (above_fd < 0)
		return above_fd;
	r = record_beside(record, ".img", name);
	if (r < 0)
		return r;
	return image_mount(above_fd, name, record->name);
}

static int image_open(const struct record *record)
{
	auto_close int root_fd = image_root(record);
	int fd;

	if (root_fd < 0)
		return root_fd;
	fd = openat(root_fd, IMAGE_INSIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int place_anchor(const struct record *record)
{
	char name[NAME_MAX + 1];

	return record->way == RECORD_WAY_IMAGE ? image_root(record) : place_above(record, name);
}

int place_open(const struct record *record)
{
	auto_close int above_fd = -EBADF, fd = -EBADF;
	char name[NAME_MAX + 1];
	struct stat status;
	int r;

	if (record->way == RECORD_WAY_IMAGE)
		return image_open(record);
	above_fd = place_above(record, name);
	if (above_fd < 0)
		return above_fd;
	if (record->phase <= RECORD_CHANGING &&
		fstatat(above_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_ino == record->old_inode) {
		r = record_beside(record, "", name);
		if (r < 0)
			return r;
	}
	fd = openat(above_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : take_fd(fd);
}

int place_show(const struct record *record)
{
	if (record->way != RECORD_WAY_IMAGE || record->phase < RECORD_DISCARDING)
		return 0;
	return image_show(record->name, record->path);
}

int place_hide(const struct record *record)
{
	return record->way == RECORD_WAY_IMAGE ? image_hide(record->name, record->path) : 0;
}
