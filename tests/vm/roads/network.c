/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads by internet sockets. The target is an address, argument 1 the port; for IPv6 argument 2 is
 * not needed: the address tells.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "roads.h"

struct address {
	struct sockaddr_storage storage;
	socklen_t size;
	int family;
};

static int address_of(const struct job *job, struct address *ret_address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret_address->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret_address->storage;
	unsigned short port;

	memset(ret_address, 0, sizeof(*ret_address));
	if (!job->arg[0])
		return -EINVAL;
	port = htons((unsigned short)atoi(job->arg[0]));
	if (inet_pton(AF_INET, job->target, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		ret_address->size = sizeof(*v4);
	} else if (inet_pton(AF_INET6, job->target, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		ret_address->size = sizeof(*v6);
	} else {
		return -EINVAL;
	}
	ret_address->family = ret_address->storage.ss_family;
	return 0;
}

static int connect_to(int fd, const struct address *address)
{
	return check_call(connect(fd, (const struct sockaddr *)&address->storage, address->size));
}

/* A socket of the target's family. */
static int socket_for(const struct job *job, int type, struct address *ret_address)
{
	int r = address_of(job, ret_address);

	return r < 0 ? r : check_call(socket(ret_address->family, type | SOCK_CLOEXEC, 0));
}

static int socket_after_read(struct job *job, int type, struct address *ret_address)
{
	int r = job_read(job);

	return r < 0 ? r : socket_for(job, type, ret_address);
}

/* Reads first, then makes the socket and connects. */
static int read_then_connect(struct job *job, int type)
{
	struct address address;
	auto_close int fd = socket_after_read(job, type, &address);
	int r;

	if (fd < 0)
		return fd;
	r = connect_to(fd, &address);
	return r < 0 ? r : take_fd(fd);
}

/* Connected before anything is read; a refusal of that is not what is tested. */
static int connect_then_read(struct job *job, int type)
{
	struct address address;
	auto_close int fd = socket_for(job, type, &address);
	int r;

	if (fd < 0)
		return fd;
	if (connect_to(fd, &address) < 0)
		return -ENOTCONN;
	r = job_read(job);
	return r < 0 ? r : take_fd(fd);
}

static int road_tcp(struct job *job)
{
	auto_close int fd = read_then_connect(job, SOCK_STREAM);

	return fd < 0 ? fd : check_call(send(fd, job->content, job->size, 0));
}

static int road_tcp_send(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);

	return fd < 0 ? fd : check_call(send(fd, job->content, job->size, 0));
}

static int road_tcp_write(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

static int road_tcp_sendfile(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);

	return fd < 0 ? fd : check_call(sendfile(fd, job->source_fd, NULL, job->size));
}

static int road_tcp_splice(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);
	int pipe[2], r;

	if (fd < 0)
		return fd;
	if (pipe2(pipe, O_CLOEXEC))
		return -errno;
	r = check_call(splice(job->source_fd, NULL, pipe[1], NULL, job->size, 0));
	return r < 0 ? r : check_call(splice(pipe[0], NULL, fd, NULL, job->size, 0));
}

static int send_message(int fd, struct job *job, int flags)
{
	struct iovec part = {.iov_base = job->content, .iov_len = job->size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return check_call(sendmsg(fd, &message, flags));
}

static int road_tcp_sendmsg(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);

	return fd < 0 ? fd : send_message(fd, job, 0);
}

/* Over a connection, with another address beside it: arguments 2 and 3, one that may have it. */
static int road_tcp_sendmsg_named(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);
	struct sockaddr_in other = {.sin_family = AF_INET};

	if (fd < 0)
		return fd;
	if (!job->arg[1] || !job->arg[2] || inet_pton(AF_INET, job->arg[1], &other.sin_addr) != 1)
		return -EINVAL;
	other.sin_port = htons((unsigned short)atoi(job->arg[2]));
	return check_call(sendto(
		fd, job->content, job->size, 0, (const struct sockaddr *)&other, sizeof(other)));
}

static int road_tcp_sendmmsg(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);
	struct iovec part = {.iov_base = job->content, .iov_len = job->size};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};

	return fd < 0 ? fd : check_call(sendmmsg(fd, &message, 1, 0));
}

static int road_tcp_zerocopy(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);
	int on = 1;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return -errno;
	return send_message(fd, job, MSG_ZEROCOPY);
}

static int road_tcp_urgent(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_STREAM);

	return fd < 0 ? fd : check_call(send(fd, job->content, 1, MSG_OOB));
}

/* Data in the SYN: there is no connect(2). */
static int road_tcp_fastopen(struct job *job)
{
	struct address address;
	auto_close int fd = socket_for(job, SOCK_STREAM, &address);
	int r;

	if (fd < 0)
		return fd;
	r = job_read(job);
	if (r < 0)
		return r;
	return check_call(sendto(fd, job->content, job->size, MSG_FASTOPEN,
		(struct sockaddr *)&address.storage, address.size));
}

/* connect(2) returns at once and sends nothing; the first write opens the connection. */
static int road_tcp_fastopen_connect(struct job *job)
{
	struct address address;
	auto_close int fd = socket_for(job, SOCK_STREAM, &address);
	int on = 1, r;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)))
		return -errno;
	if (connect_to(fd, &address) < 0)
		return -ENOTCONN;
	r = job_read(job);
	return r < 0 ? r : write_all(fd, job->content, job->size);
}

/* The other side comes to fetch it. */
static int road_tcp_accept(struct job *job)
{
	struct address address;
	auto_close int listener = socket_for(job, SOCK_STREAM, &address), fd = -EBADF;
	int on = 1, r;
	pid_t pid;

	if (listener < 0)
		return listener;
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -errno;
	if (bind(listener, (struct sockaddr *)&address.storage, address.size) ||
		listen(listener, 1))
		return -errno;
	pid = fork();
	if (pid == 0) {
		auto_close int client = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (client < 0 || connect_to(client, &address) < 0)
			_exit(ROAD_EXIT_BROKEN);
		r = check_call(recv(client, job->content, ROAD_CONTENT_MAX, 0));
		exit_road(r == 0 ? -EPERM : r);
	}
	fd = check_call(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	if (fd < 0)
		return fd;
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(send(fd, job->content, job->size, 0));
	if (r < 0)
		return r;
	return wait_child(pid);
}

static int road_udp_sendto(struct job *job)
{
	struct address address;
	auto_close int fd = socket_after_read(job, SOCK_DGRAM, &address);

	if (fd < 0)
		return fd;
	return check_call(sendto(
		fd, job->content, job->size, 0, (struct sockaddr *)&address.storage, address.size));
}

static int road_udp_connect(struct job *job)
{
	auto_close int fd = read_then_connect(job, SOCK_DGRAM);

	return fd < 0 ? fd : check_call(send(fd, job->content, job->size, 0));
}

static int road_udp_send(struct job *job)
{
	auto_close int fd = connect_then_read(job, SOCK_DGRAM);

	return fd < 0 ? fd : check_call(send(fd, job->content, job->size, 0));
}

/* The socket is connected to an allowed place (arguments 2 and 3), the datagram is not. */
static int road_udp_elsewhere(struct job *job)
{
	struct job allowed = {.target = job->arg[1], .arg = {job->arg[2]}};
	struct address first, address;
	auto_close int fd = -EBADF;

	if (!job->arg[1] || address_of(&allowed, &first) < 0)
		return -EINVAL;
	fd = socket_after_read(job, SOCK_DGRAM, &address);
	if (fd < 0)
		return fd;
	if (connect_to(fd, &first) < 0)
		return -ENOTCONN;
	return check_call(sendto(
		fd, job->content, job->size, 0, (struct sockaddr *)&address.storage, address.size));
}

/*
 * An association that is made by an option, with a list of addresses: it is to the first, the socket says
 * the last (arguments 2 and 3), one that may have it.
 */
static int road_sctp_connectx(struct job *job)
{
	struct job allowed = {.target = job->arg[1], .arg = {job->arg[2]}};
	struct sockaddr_in addresses[2];
	struct address first, last;
	auto_close int fd = -EBADF;
	int r;

	if (!job->arg[1] || address_of(job, &first) < 0 || address_of(&allowed, &last) < 0 ||
		first.family != AF_INET || last.family != AF_INET)
		return -EINVAL;
	memcpy(&addresses[0], &first.storage, sizeof(addresses[0]));
	memcpy(&addresses[1], &last.storage, sizeof(addresses[1]));
	fd = check_call(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP));
	if (fd < 0)
		return fd;
	if (setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, addresses, sizeof(addresses)) < 0)
		return -ENOTCONN;
	r = job_read(job);
	return r < 0 ? r : check_call(send(fd, job->content, job->size, 0));
}

const struct road roads_network[] = {
	{"tcp", road_tcp, false},
	{"tcp-send", road_tcp_send, false},
	{"tcp-write", road_tcp_write, false},
	{"tcp-sendfile", road_tcp_sendfile, false},
	{"tcp-splice", road_tcp_splice, false},
	{"tcp-sendmsg", road_tcp_sendmsg, false},
	{"tcp-sendmsg-named", road_tcp_sendmsg_named, false},
	{"tcp-sendmmsg", road_tcp_sendmmsg, false},
	{"tcp-zerocopy", road_tcp_zerocopy, false},
	{"tcp-urgent", road_tcp_urgent, false},
	{"tcp-fastopen", road_tcp_fastopen, false},
	{"tcp-fastopen-connect", road_tcp_fastopen_connect, false},
	{"tcp-accept", road_tcp_accept, false},
	{"udp-sendto", road_udp_sendto, false},
	{"udp-connect", road_udp_connect, false},
	{"udp-send", road_udp_send, false},
	{"udp-elsewhere", road_udp_elsewhere, false},
	{"sctp-connectx", road_sctp_connectx, false},
	{0},
};
