/* SPDX-License-Identifier: Apache-2.0 */
/* SOCK_SEQPACKET sockets with a name in a directory, by which commands reach a process: unix(7). */
#ifndef HOLDFAST_COMMON_LOCAL_SOCKET_H
#define HOLDFAST_COMMON_LOCAL_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

struct local_access {
	mode_t mode; /* of the name: who may connect */
	gid_t group; /* (gid_t)-1: as it comes */
};

/*
 * Listens, non-blocking, in place of a socket that an earlier process left. A descriptor, the caller's
 * to close; -ENAMETOOLONG, negative errno.
 */
int local_socket_listen(
	const char *directory, const char *name, const struct local_access *access, int backlog);
/* The next connection, non-blocking, and whose it is. The caller's to close; -EAGAIN, negative errno. */
int local_socket_accept(int listen_fd, struct ucred *ret_peer);
/*
 * flags: SOCK_NONBLOCK or 0. The caller's to close; -ENOENT and -ECONNREFUSED when nobody listens,
 * -EAGAIN when it is too busy, -EACCES, negative errno.
 */
int local_socket_connect(const char *directory, const char *name, int flags);

#endif
