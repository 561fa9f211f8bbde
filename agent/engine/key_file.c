/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the file is is asked of the descriptor that is read. */
#include "agent/engine/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int key_file_read(const char *path, struct signing_key **ret_key)
{
	char pem[SIGNING_KEY_MAX];
	auto_close int fd = -EBADF;
	struct stat status;
	ssize_t size;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
		(status.st_mode & (S_IWGRP | S_IWOTH)))
		return -EBADMSG; /* not root's alone */
	size = read(fd, pem, sizeof(pem));
	if (size < 0)
		return -errno;
	return signing_key_read(pem, (size_t)size, false, NULL, ret_key);
}
