/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More roads between processes: sockets with a name, POSIX queues, signals, keys, terminals, memory
 * written from outside, attributes. As in ipc.c, the receiver was there before the read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plain.h"
#include "roads.h"

#define SIGNAL (SIGRTMIN + 3)

/* A name in the abstract name space when there is no path. */
static socklen_t unix_name(const char *path, struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path) {
		(void)unlink(path); /* of the walk before */
		snprintf(name->sun_path, sizeof(name->sun_path), "%s", path);
		return sizeof(*name);
	}
	snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1, "road-%d", (int)getpid());
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name->sun_path + 1);
}

/* Both ends of a connection to a name. */
static int named_pair(int type, const char *path, int ends[2])
{
	int listener = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un name;
	socklen_t size = unix_name(path, &name);

	ends[1] = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (listener < 0 || ends[1] < 0 || bind(listener, (struct sockaddr *)&name, size))
		return -errno;
	if (type == SOCK_DGRAM) {
		ends[0] = listener;
		return connect(ends[1], (struct sockaddr *)&name, size) ? -errno : 0;
	}
	if (listen(listener, 1) || connect(ends[1], (struct sockaddr *)&name, size))
		return -errno;
	ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return ends[0] < 0 ? -errno : 0;
}

static int named(struct job *job, int type, const char *path, bool is_waiting)
{
	int ends[2], r = named_pair(type, path, ends);

	return r < 0 ? r : hand_over(job, ends[0], ends[1], is_waiting);
}

static int road_unix_named(struct job *job)
{
	return named(job, SOCK_STREAM, job->arg[0], false);
}

static int road_unix_named_waiting(struct job *job)
{
	return named(job, SOCK_STREAM, job->arg[0], true);
}

static int road_unix_abstract(struct job *job)
{
	return named(job, SOCK_STREAM, NULL, false);
}

static int road_unix_packet(struct job *job)
{
	return named(job, SOCK_SEQPACKET, NULL, false);
}

static int road_unix_packet_waiting(struct job *job)
{
	return named(job, SOCK_SEQPACKET, NULL, true);
}

static int road_unix_datagram_named(struct job *job)
{
	return named(job, SOCK_DGRAM, NULL, false);
}

static int road_unix_datagram_waiting(struct job *job)
{
	return named(job, SOCK_DGRAM, NULL, true);
}

/* To an address, over a socket that is connected to nobody. */
static int road_unix_sendto(struct job *job)
{
	int ends[2], r = named_pair(SOCK_DGRAM, NULL, ends);
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un name;
	socklen_t size = unix_name(NULL, &name);
	pid_t pid;

	if (r < 0 || other < 0)
		return r < 0 ? r : -errno;
	pid = plain_on(job, ends[0], false);
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(sendto(other, job->content, job->size, 0, (struct sockaddr *)&name, size));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

/* To another process, past the kernel: what user space protocols are made for. */
static int road_netlink(struct job *job)
{
	int from = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_USERSOCK);
	int to = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_USERSOCK);
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};
	socklen_t size = sizeof(name);
	pid_t pid;
	int r;

	if (from < 0 || to < 0)
		return -errno;
	if (bind(from, (struct sockaddr *)&name, size) ||
		bind(to, (struct sockaddr *)&name, size) ||
		getsockname(to, (struct sockaddr *)&name, &size))
		return -errno;
	pid = plain_on(job, to, false);
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(sendto(from, job->content, job->size, 0, (struct sockaddr *)&name, size));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

static int posix_queue(struct job *job, bool is_waiting)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = ROAD_CONTENT_MAX};
	char name[32], text[16];
	pid_t pid;
	mqd_t queue;
	int r;

	snprintf(name, sizeof(name), "/road-%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
	if (queue < 0)
		return -errno;
	(void)mq_unlink(name); /* the descriptor holds it */
	if (fcntl(queue, F_SETFD, 0))
		return -errno;
	snprintf(text, sizeof(text), "%d", queue);
	road_go_prepare();
	pid = is_waiting ? spawn_plain("@queue-to", text, job->target, NULL)
			 : spawn_plain("@wait", "@queue-to", text, job->target, NULL);
	if (is_waiting)
		(void)usleep(700000); /* it is in mq_receive() by then */
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(mq_send(queue, job->content, job->size, 0));
	if (r < 0)
		return r;
	if (!is_waiting)
		road_go(pid);
	return wait_child(pid);
}

static int road_posix_queue(struct job *job)
{
	return posix_queue(job, false);
}

static int road_posix_queue_waiting(struct job *job)
{
	return posix_queue(job, true);
}

/* Eight bytes at a time. */
static int road_signal(struct job *job)
{
	union sigval value = {0};
	sigset_t set;
	pid_t pid;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGNAL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* for the child: it waits in the queue */
	road_go_prepare();
	pid = spawn_plain("@wait", "@signal-to", job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	memcpy(&value, job->content, sizeof(value));
	r = check_call(sigqueue(pid, SIGNAL, value));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

static int road_key(struct job *job)
{
	pid_t pid;
	int r;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	road_go_prepare();
	pid = spawn_plain("@wait", "@key-to", job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(syscall(
		SYS_add_key, "user", "road", job->content, job->size, KEY_SPEC_SESSION_KEYRING));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

/* What is printed on a terminal is read by who holds its master side. */
static int terminal_output(struct job *job, bool is_waiting)
{
	int ends[2], r = open_terminal(ends, O_CLOEXEC);

	if (r < 0)
		return r;
	return hand_over(job, ends[0], ends[1], is_waiting);
}

static int road_terminal_output(struct job *job)
{
	return terminal_output(job, false);
}

static int road_terminal_output_waiting(struct job *job)
{
	return terminal_output(job, true);
}

/* The reader stores into the memory of a process that then writes it. */
static int road_vm_write(struct job *job)
{
	static char buffer[ROAD_CONTENT_MAX];
	struct iovec here = {.iov_base = job->content}, there = {.iov_base = buffer};
	pid_t pid;
	int r;

	road_go_prepare();
	pid = fork();
	if (pid == 0) {
		auto_close int out = job_open_target(job, 0);

		road_go_wait();
		exit_road(out < 0 ? out : write_all(out, buffer, strnlen(buffer, sizeof(buffer))));
	}
	r = job_read(job);
	if (r < 0)
		return r;
	here.iov_len = there.iov_len = job->size;
	r = check_call(process_vm_writev(pid, &here, 1, &there, 1, 0));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

/* An attribute of a file that nobody protects; arg[0] names it. */
static int road_attribute(struct job *job)
{
	pid_t pid;
	int r;

	if (!job->arg[0])
		return -EINVAL;
	r = check_call(open(job->arg[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	if (r < 0)
		return r;
	(void)close(r); /* empty */
	road_go_prepare();
	pid = spawn_plain("@wait", "@attribute-to", job->arg[0], job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(setxattr(job->arg[0], "user.road", job->content, job->size, 0));
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

const struct road roads_handover[] = {
	{"unix-named", road_unix_named, false},
	{"unix-named-waiting", road_unix_named_waiting, false},
	{"unix-abstract", road_unix_abstract, false},
	{"unix-packet", road_unix_packet, false},
	{"unix-packet-waiting", road_unix_packet_waiting, false},
	{"unix-datagram-named", road_unix_datagram_named, false},
	{"unix-datagram-waiting", road_unix_datagram_waiting, false},
	{"unix-sendto", road_unix_sendto, false},
	{"netlink", road_netlink, false},
	{"posix-queue", road_posix_queue, false},
	{"posix-queue-waiting", road_posix_queue_waiting, false},
	{"signal", road_signal, false},
	{"key", road_key, false},
	{"terminal-output", road_terminal_output, false},
	{"terminal-output-waiting", road_terminal_output_waiting, false},
	{"vm-write", road_vm_write, false},
	{"attribute", road_attribute, false},
	{0},
};
