/* SPDX-License-Identifier: Apache-2.0 */
/* The ioctls of linux/btrfs.h; the second one wants CAP_SYS_ADMIN. */
#include "agent/sensor/btrfs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"

/* One that is missing has no name, and its number is passed over. 1, 0, negative errno. */
static int disk_of(int fd, uint64_t number, dev_t *ret_disk)
{
	struct btrfs_ioctl_dev_info_args disk = {.devid = number};
	struct stat status;

	if (ioctl(fd, BTRFS_IOC_DEV_INFO, &disk) < 0)
		return errno == ENODEV ? 0 : -errno;
	disk.path[sizeof(disk.path) - 1] = '\0';
	if (stat((const char *)disk.path, &status) < 0)
		return -errno;
	if (!S_ISBLK(status.st_mode))
		return -ENOTBLK;
	*ret_disk = status.st_rdev;
	return 1;
}

int btrfs_disks(const char *file, dev_t ret_disks[BTRFS_DISKS_MAX])
{
	struct btrfs_ioctl_fs_info_args info = {0};
	auto_close int fd = -EBADF;
	char directory[PATH_MAX];
	struct statfs status;
	int count = 0;

	if (snprintf(directory, sizeof(directory), "%s", file) >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	fd = open(dirname(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &status) < 0)
		return -errno;
	if (status.f_type != BTRFS_SUPER_MAGIC)
		return -EOPNOTSUPP;
	if (ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0)
		return -errno;
	if (info.max_id > BTRFS_DISKS_MAX)
		return -E2BIG;
	for (uint64_t number = 1; number <= info.max_id; number++) {
		int r = disk_of(fd, number, &ret_disks[count]);

		if (r < 0)
			return r;
		count += r;
	}
	return count ? count : -ENODEV;
}
