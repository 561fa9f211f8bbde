/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the program without rights: the far side of the roads that need another process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "roads.h"
#include "plain.h"

struct verb {
	const char *name;
	int arguments;
	int (*run)(char **argv);
};

static int open_out(const char *path)
{
	return check_call(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

/* From the place where the descriptor stands, or from the start when it can seek. */
static int read_once(int fd, char *content, size_t size)
{
	ssize_t r = pread(fd, content, size, 0);

	if (r < 0 && errno == ESPIPE)
		r = read(fd, content, size);
	if (r < 0)
		return -errno;
	return r == 0 ? -ENODATA : (int)r;
}

static int carry(int from, int to)
{
	char content[ROAD_CONTENT_MAX];
	int r;

	if (from < 0)
		return from;
	if (to < 0)
		return to;
	r = read_once(from, content, sizeof(content));
	return r < 0 ? r : write_all(to, content, (size_t)r);
}

static int verb_copy(char **argv)
{
	auto_close int from = check_call(open(argv[0], O_RDONLY | O_CLOEXEC));
	auto_close int to = open_out(argv[1]);

	return carry(from, to);
}

/* The target is open before the content comes. */
static int verb_stdin_to(char **argv)
{
	auto_close int to = open_out(argv[0]);

	return carry(STDIN_FILENO, to);
}

static int verb_fd_to(char **argv)
{
	auto_close int to = open_out(argv[1]);

	return carry(atoi(argv[0]), to);
}

static int verb_fd_read(char **argv)
{
	char content[ROAD_CONTENT_MAX];

	return read_once(atoi(argv[0]), content, sizeof(content));
}

static int verb_fd_reopen(char **argv)
{
	auto_close int fd = -EBADF;
	char content[ROAD_CONTENT_MAX], self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", atoi(argv[0]));
	fd = check_call(open(self, O_RDONLY | O_CLOEXEC));
	return fd < 0 ? fd : read_once(fd, content, sizeof(content));
}

static int verb_environment_to(char **argv)
{
	const char *content = getenv("HF_ROAD_CONTENT");
	auto_close int to = open_out(argv[0]);

	if (!content)
		return -EINVAL;
	return to < 0 ? to : write_all(to, content, strlen(content));
}

int descriptor_send(int socket, int fd)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return check_call(sendmsg(socket, &message, 0));
}

/* A descriptor that may not be received vanishes: MSG_CTRUNC, and no error. */
int descriptor_receive(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int fd, r = check_call(recvmsg(socket, &message, 0));

	if (r < 0)
		return r;
	header = CMSG_FIRSTHDR(&message);
	if (!header)
		return message.msg_flags & MSG_CTRUNC ? -EPERM : -EBADMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int verb_receive(char **argv)
{
	char content[ROAD_CONTENT_MAX];
	auto_close int fd = descriptor_receive(atoi(argv[0]));

	return fd < 0 ? fd : read_once(fd, content, sizeof(content));
}

static int verb_receive_to(char **argv)
{
	auto_close int to = open_out(argv[1]);
	auto_close int from = descriptor_receive(atoi(argv[0]));

	return carry(from, to);
}

static int verb_send_target(char **argv)
{
	auto_close int fd = open_out(argv[1]);

	return fd < 0 ? fd : descriptor_send(atoi(argv[0]), fd);
}

static int verb_getfd(char **argv)
{
	char content[ROAD_CONTENT_MAX];
	auto_close int process = check_call(syscall(SYS_pidfd_open, (pid_t)atoi(argv[0]), 0));
	auto_close int fd = -EBADF;

	if (process < 0)
		return -EIO;
	fd = check_call(syscall(SYS_pidfd_getfd, process, atoi(argv[1]), 0));
	return fd < 0 ? fd : read_once(fd, content, sizeof(content));
}

static int verb_peek(char **argv)
{
	void *address = (void *)strtoul(argv[1], NULL, 16);
	pid_t pid = atoi(argv[0]);
	int status;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return -errno;
	if (waitpid(pid, &status, __WALL) < 0)
		return -errno;
	errno = 0;
	if (ptrace(PTRACE_PEEKDATA, pid, address, NULL) == -1 && errno)
		return -errno;
	return check_call(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static int verb_vm_read(char **argv)
{
	char content[64];
	struct iovec here = {.iov_base = content, .iov_len = sizeof(content)};
	struct iovec there = {
		.iov_base = (void *)strtoul(argv[1], NULL, 16),
		.iov_len = sizeof(content),
	};

	return check_call(process_vm_readv(atoi(argv[0]), &here, 1, &there, 1, 0));
}

static int open_of_process(const char *pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", atoi(pid), name);
	return check_call(open(path, O_RDONLY | O_CLOEXEC));
}

static int verb_memory(char **argv)
{
	auto_close int fd = open_of_process(argv[0], "mem");
	char content[64];

	if (fd < 0)
		return fd;
	return check_call(pread(fd, content, sizeof(content), (off_t)strtoul(argv[1], NULL, 16)));
}

static int verb_proc(char **argv)
{
	auto_close int fd = open_of_process(argv[0], argv[1]);
	char content[ROAD_CONTENT_MAX];

	return fd < 0 ? fd : read_once(fd, content, sizeof(content));
}

/* Traces a process that has read nothing yet, and looks when told that it has. */
static int verb_trace(char **argv)
{
	void *address = (void *)strtoul(argv[1], NULL, 16);
	pid_t pid = atoi(argv[0]);
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -EIO;
	road_go_wait();
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) || waitpid(pid, &status, __WALL) < 0)
		return -EIO;
	errno = 0;
	if (ptrace(PTRACE_PEEKDATA, pid, address, NULL) == -1 && errno)
		return -errno;
	return 0;
}

/* Holds the file open while it is still without a label; reads it when somebody wrote there. */
static int verb_late(char **argv)
{
	auto_close int from = check_call(open(argv[0], O_RDONLY | O_CREAT | O_CLOEXEC, 0666));
	auto_close int to = open_out(argv[1]);

	road_go_wait();
	return carry(from, to);
}

static int verb_shared_memory_to(char **argv)
{
	auto_close int to = open_out(argv[1]);
	const char *map = shmat(atoi(argv[0]), NULL, SHM_RDONLY);

	if (map == (void *)-1)
		return -errno;
	return to < 0 ? to : write_all(to, map, strnlen(map, ROAD_CONTENT_MAX));
}

/* The memory of a ring that somebody else made. */
static int verb_ring_to(char **argv)
{
	auto_close int to = open_out(argv[1]);
	const char *map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED,
		atoi(argv[0]), (off_t)IORING_OFF_SQES);

	if (map == MAP_FAILED)
		return -errno;
	return to < 0 ? to : write_all(to, map, strnlen(map, ROAD_CONTENT_MAX));
}

static int verb_message_to(char **argv)
{
	struct road_message message;
	auto_close int to = open_out(argv[1]);
	ssize_t size = msgrcv(atoi(argv[0]), &message, sizeof(message.text), 0, 0);

	if (size < 0)
		return -errno;
	return to < 0 ? to : write_all(to, message.text, (size_t)size);
}

static int verb_queue_to(char **argv)
{
	char content[ROAD_CONTENT_MAX];
	auto_close int to = open_out(argv[1]);
	ssize_t size = mq_receive(atoi(argv[0]), content, sizeof(content), NULL);

	if (size < 0)
		return -errno;
	return to < 0 ? to : write_all(to, content, (size_t)size);
}

/* The signal is blocked since before exec, so that it waits. */
static int verb_signal_to(char **argv)
{
	auto_close int to = open_out(argv[0]);
	siginfo_t info;
	sigset_t set;

	(void)sigprocmask(SIG_BLOCK, NULL, &set); /* what is blocked is awaited */
	if (sigwaitinfo(&set, &info) < 0)
		return -errno;
	return to < 0 ? to : write_all(to, &info.si_value, sizeof(info.si_value));
}

static int verb_key_to(char **argv)
{
	char content[ROAD_CONTENT_MAX];
	auto_close int to = open_out(argv[0]);
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "road", 0);
	long size = key < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_READ, key, content, sizeof(content));

	if (size < 0)
		return -errno;
	return to < 0 ? to : write_all(to, content, (size_t)size);
}

static int verb_attribute_to(char **argv)
{
	char content[ROAD_CONTENT_MAX];
	auto_close int to = open_out(argv[1]);
	ssize_t size = getxattr(argv[0], "user.road", content, sizeof(content));

	if (size < 0)
		return -errno;
	return to < 0 ? to : write_all(to, content, (size_t)size);
}

static int verb_wait(char **argv)
{
	int argc = 0;

	road_go_wait();
	while (argv[argc])
		argc++;
	return plain_verb(argv[0], argc - 1, argv + 1);
}

static const struct verb verbs[] = {
	{"@copy", 2, verb_copy},
	{"@stdin-to", 1, verb_stdin_to},
	{"@fd-to", 2, verb_fd_to},
	{"@fd-read", 1, verb_fd_read},
	{"@fd-reopen", 1, verb_fd_reopen},
	{"@environment-to", 1, verb_environment_to},
	{"@receive", 1, verb_receive},
	{"@receive-to", 2, verb_receive_to},
	{"@send-target", 2, verb_send_target},
	{"@getfd", 2, verb_getfd},
	{"@peek", 2, verb_peek},
	{"@vm-read", 2, verb_vm_read},
	{"@memory", 2, verb_memory},
	{"@proc", 2, verb_proc},
	{"@trace", 2, verb_trace},
	{"@late", 2, verb_late},
	{"@shared-memory-to", 2, verb_shared_memory_to},
	{"@ring-to", 2, verb_ring_to},
	{"@message-to", 2, verb_message_to},
	{"@queue-to", 2, verb_queue_to},
	{"@signal-to", 1, verb_signal_to},
	{"@key-to", 1, verb_key_to},
	{"@attribute-to", 2, verb_attribute_to},
	{"@relay", 3, chain_relay},
	{"@wait", 1, verb_wait},
};

int plain_verb(const char *verb, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, verb))
			return argc < verbs[i].arguments ? -EINVAL : verbs[i].run(argv);
	return -ENOENT;
}
