/* SPDX-License-Identifier: Apache-2.0 */
/* Names and credentials; nothing about what is said. */
#include "common/local_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"

static int address_of(const char *directory, const char *name, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	return (size_t)snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/%s",
		       directory, name) < sizeof(ret_address->sun_path)
		       ? 0
		       : -ENAMETOOLONG;
}

int local_socket_listen(
	const char *directory, const char *name, const struct local_access *access, int backlog)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	int r;

	if (fd < 0)
		return -errno;
	r = address_of(directory, name, &address);
	if (r < 0)
		return r;
	(void)unlink(address.sun_path); /* of one before us; bind tells if it is still there */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		(access->group != (gid_t)-1 &&
			chown(address.sun_path, (uid_t)-1, access->group) < 0) ||
		chmod(address.sun_path, access->mode) < 0 || listen(fd, backlog) < 0)
		return -errno;
	return take_fd(fd);
}

int local_socket_accept(int listen_fd, struct ucred *ret_peer)
{
	auto_close int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	socklen_t size = sizeof(*ret_peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &size) < 0)
		return -errno;
	return take_fd(fd);
}

int local_socket_connect(const char *directory, const char *name, int flags)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	struct sockaddr_un address;
	int r;

	if (fd < 0)
		return -errno;
	r = address_of(directory, name, &address);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(fd);
}
