/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory is the engine's, who could put a symbolic link in the name's place at any moment: so
 * owner and mode are right from bind(2) on, and nothing is changed by name after it (chmod and chown would
 * follow).
 */
#include "agent/supervisor/keyring_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/ipc/keyring.h"
#include "common/cleanup.h"

#define BACKLOG 16

int keyring_socket_make(const char *directory, gid_t group)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	gid_t own_group;
	mode_t own_mask;
	int r;

	if (fd < 0)
		return -errno;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/" KEYRING_SOCKET,
		    directory) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	(void)unlink(address.sun_path); /* of one before; bind tells if it is still there */
	own_group = (gid_t)setfsgid(group);
	own_mask = umask(0117);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	(void)umask(own_mask);	   /* can't fail */
	(void)setfsgid(own_group); /* likewise */
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(fd);
}
