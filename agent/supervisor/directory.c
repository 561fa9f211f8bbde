/* SPDX-License-Identifier: Apache-2.0 */
/* By descriptor, so that nobody puts another one in its place on the way. */
#include "agent/supervisor/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

int directory_make(const char *path, mode_t mode, const struct child_user *owner)
{
	auto_close int fd = -EBADF;
	struct stat status;

	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != 0 && status.st_uid != owner->uid)
		return -EPERM; /* somebody else's: not to be given away */
	if (fchown(fd, owner->uid, owner->gid) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}
