/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actors of the random walk: each does what it is told, one step at a time, and says with which
 * errno. Installed under two names, one of which is a verified reader. Run by main.c only.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "protocol.h"

#define HELD_FD	  40
#define PLACE_FD  50 /* first of two for each place */
#define TAKE(at)  (PLACE_FD + 2 * (int)(at))
#define PUT(at)	  (PLACE_FD + 2 * (int)(at) + 1)
#define PAGE_SIZE 4096

static const char *const programs[] = {
	[WALK_APP_PLAIN] = "/usr/local/bin/hf-walk-plain",
	[WALK_APP_READER] = "/usr/local/bin/hf-walk-reader",
};

struct message {
	long type;
	char text[1];
};

static int slot, queue_id = -1, memory_id = -1;

static int answer(long value)
{
	return value < 0 ? errno : 0;
}

static void settle(int fd, int at)
{
	if (fd == at)
		return;
	(void)dup2(fd, at); /* used next: shows there */
	(void)close(fd);
}

static int read_path(const char *path)
{
	int fd = open(path, O_RDONLY), r;
	char text[16];

	if (fd < 0)
		return errno;
	r = answer(read(fd, text, sizeof(text)));
	(void)close(fd); /* read only */
	return r;
}

static int write_path(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | flags, 0600), r;

	if (fd < 0)
		return errno;
	r = answer(write(fd, "x", 1));
	(void)close(fd); /* what write said counts */
	return r;
}

static int hold(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		return errno;
	settle(fd, HELD_FD);
	return 0;
}

static int map(int fd)
{
	void *at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
		MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return at == MAP_FAILED ? errno : 0; /* stays mapped */
}

static int vfork_read(const char *path)
{
	static volatile int r; /* the child's memory is ours */
	pid_t pid;

	r = EIO;
	pid = vfork();
	if (pid == 0) {
		r = read_path(path);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0); /* SIGCHLD is ignored: ECHILD, once it is gone */
	return r;
}

static int put(int place, int is_message)
{
	struct message message = {.type = 1};

	if (place == PLACE_QUEUE)
		return answer(msgsnd(queue_id, &message, 1, IPC_NOWAIT));
	if (place == PLACE_QUEUE_POSIX)
		return answer(mq_send(TAKE(place), "x", 1, 0));
	if (place == PLACE_MEMFD)
		return answer(pwrite(PUT(place), "x", 1, 0));
	if (is_message && place >= PLACE_STREAM && place <= PLACE_PACKET_BACK)
		return answer(send(PUT(place), "x", 1, MSG_DONTWAIT));
	return answer(write(PUT(place), "x", 1));
}

static int take(int place, int is_message)
{
	struct message message;
	char text[64];

	if (place == PLACE_QUEUE)
		return answer(msgrcv(queue_id, &message, 1, 0, IPC_NOWAIT));
	if (place == PLACE_QUEUE_POSIX)
		return answer(mq_receive(TAKE(place), text, sizeof(text), NULL));
	if (place == PLACE_MEMFD)
		return answer(pread(TAKE(place), text, 1, 0));
	if (is_message && place >= PLACE_STREAM && place <= PLACE_PACKET_BACK)
		return answer(recv(TAKE(place), text, 1, MSG_DONTWAIT));
	return answer(read(TAKE(place), text, sizeof(text)));
}

union rights {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static int send_held(void)
{
	union rights rights = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec text = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights),
	};

	*(int *)(void *)CMSG_DATA(&rights.header) = HELD_FD;
	return answer(sendmsg(PUT(PLACE_RIGHTS), &message, MSG_DONTWAIT));
}

/* A descriptor that is refused is not there; the message is. */
static int receive_held(void)
{
	union rights rights = {0};
	char byte;
	struct iovec text = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights),
	};

	if (recvmsg(TAKE(PLACE_RIGHTS), &message, MSG_DONTWAIT) < 0)
		return errno;
	if (!CMSG_FIRSTHDR(&message))
		return EPERM;
	settle(*(int *)(void *)CMSG_DATA(&rights.header), HELD_FD);
	return 0;
}

static int signal_value(int pid)
{
	union sigval value = {.sival_int = 1};

	return answer(sigqueue(pid, SIGRTMIN, value));
}

/* Whether it is allowed; there need not be anything at that address. */
static int peek(int pid)
{
	char byte;
	struct iovec here = {.iov_base = &byte, .iov_len = 1};
	struct iovec there = {.iov_base = (void *)(uintptr_t)PAGE_SIZE, .iov_len = 1};
	int r = answer(process_vm_readv(pid, &here, 1, &there, 1, 0));

	return r == EFAULT ? 0 : r;
}

static int splice_held(int place)
{
	off64_t offset = 0;

	return answer(splice(HELD_FD, &offset, PUT(place), NULL, 1, SPLICE_F_NONBLOCK));
}

static int vmsplice_byte(int place)
{
	static char byte[PAGE_SIZE];
	struct iovec here = {.iov_base = byte, .iov_len = 1};

	return answer(vmsplice(PUT(place), &here, 1, SPLICE_F_NONBLOCK));
}

/* Never returns 0: the new program answers, having found its way here again. */
static int execute(int app)
{
	char words[3][16];

	(void)snprintf(words[0], sizeof(words[0]), "%d", slot);
	(void)snprintf(words[1], sizeof(words[1]), "%d", queue_id);
	(void)snprintf(words[2], sizeof(words[2]), "%d", memory_id);
	(void)execl(programs[app], programs[app], words[0], words[1], words[2], (char *)NULL);
	return errno;
}

static int fork_to(int to, int *ret_pid)
{
	*ret_pid = fork();
	if (*ret_pid == 0)
		slot = to;
	return answer(*ret_pid);
}

static void pair(enum walk_place place, enum walk_place back, int type)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends))
		_exit(errno);
	(void)dup2(ends[0], PUT(back)); /* each end: to take from, and to put to the other */
	(void)dup2(ends[1], PUT(place));
	settle(ends[0], TAKE(place));
	settle(ends[1], TAKE(back));
}

static void pipe_at(enum walk_place place)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		_exit(errno);
	settle(ends[0], TAKE(place));
	settle(ends[1], PUT(place));
}

static void terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), other;
	struct termios settings;

	if (master < 0 || grantpt(master) || unlockpt(master))
		_exit(errno);
	other = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (other < 0 || tcgetattr(other, &settings))
		_exit(errno);
	cfmakeraw(&settings);
	(void)tcsetattr(other, TCSANOW, &settings); /* of a terminal just made */
	(void)dup2(master, TAKE(PLACE_TERMINAL_OUT));
	(void)dup2(other, TAKE(PLACE_TERMINAL_IN));
	settle(other, PUT(PLACE_TERMINAL_OUT));
	settle(master, PUT(PLACE_TERMINAL_IN));
}

static void queue_posix(void)
{
	struct mq_attr sizes = {.mq_maxmsg = 10, .mq_msgsize = 16};
	int queue = mq_open("/hf-walk", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &sizes);

	if (queue < 0)
		_exit(errno);
	(void)mq_unlink("/hf-walk"); /* the descriptor is all there is of it */
	settle(queue, TAKE(PLACE_QUEUE_POSIX));
}

static void fifo_at(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK);

	if (fd < 0)
		_exit(errno);
	(void)dup2(fd, PUT(PLACE_FIFO));
	settle(fd, TAKE(PLACE_FIFO));
}

static void memfd(void)
{
	int fd = memfd_create("walk", 0);

	if (fd < 0 || ftruncate(fd, PAGE_SIZE))
		_exit(errno);
	(void)dup2(fd, PUT(PLACE_MEMFD));
	settle(fd, TAKE(PLACE_MEMFD));
}

/* Descriptors have the same numbers every time: what was there is closed by what comes. */
static int begin(const struct walk_command *command)
{
	(void)msgctl(queue_id, IPC_RMID, NULL); /* the first time there is none */
	(void)shmctl(memory_id, IPC_RMID, NULL);
	queue_id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	memory_id = shmget(IPC_PRIVATE, PAGE_SIZE, IPC_CREAT | 0600);
	if (queue_id < 0 || memory_id < 0)
		return EIO;
#define NEEDS(place) (command->places & 1u << (place))
	if (NEEDS(PLACE_PIPE))
		pipe_at(PLACE_PIPE);
	if (NEEDS(PLACE_PIPE_OTHER))
		pipe_at(PLACE_PIPE_OTHER);
	if (NEEDS(PLACE_FIFO))
		fifo_at(command->path);
	if (NEEDS(PLACE_STREAM))
		pair(PLACE_STREAM, PLACE_STREAM_BACK, SOCK_STREAM);
	if (NEEDS(PLACE_DATAGRAM))
		pair(PLACE_DATAGRAM, PLACE_DATAGRAM_BACK, SOCK_DGRAM);
	if (NEEDS(PLACE_PACKET))
		pair(PLACE_PACKET, PLACE_PACKET_BACK, SOCK_SEQPACKET);
	if (NEEDS(PLACE_RIGHTS))
		pair(PLACE_RIGHTS, PLACE_MAX, SOCK_DGRAM);
	if (NEEDS(PLACE_TERMINAL_OUT))
		terminal();
	if (NEEDS(PLACE_MEMFD))
		memfd();
	if (NEEDS(PLACE_QUEUE_POSIX))
		queue_posix();
	return 0;
}

static int obey(const struct walk_command *command, int *ret_pid)
{
	const char *path = command->path, *other = command->other;
	int a = command->a, b = command->b;

	switch (command->kind) {
	case STEP_READ:
		return read_path(path);
	case STEP_WRITE:
		return write_path(path, O_APPEND);
	case STEP_CREATE:
		return write_path(path, O_CREAT | O_EXCL);
	case STEP_HOLD:
		return hold(path);
	case STEP_READ_HELD:
		return answer(pread(HELD_FD, (char[1]){0}, 1, 0));
	case STEP_WRITE_HELD:
		return answer(pwrite(HELD_FD, "x", 1, 0));
	case STEP_MAP_HELD:
		return map(HELD_FD);
	case STEP_RENAME:
	case STEP_REPLACE:
	case STEP_MOVE:
		return answer(rename(path, other));
	case STEP_EXCHANGE:
		return answer(renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE));
	case STEP_LINK:
		return answer(link(path, other));
	case STEP_UNLINK:
		return answer(unlink(path));
	case STEP_SET_ATTRIBUTE:
		return answer(setxattr(path, "user.walk", "x", 1, 0));
	case STEP_GET_ATTRIBUTE:
		return answer(getxattr(path, "user.walk", (char[16]){0}, 16));
	case STEP_FORK:
		return fork_to(a, ret_pid);
	case STEP_EXEC:
		return execute(a);
	case STEP_VFORK_READ:
		return vfork_read(path);
	case STEP_PUT:
		return put(a, b);
	case STEP_TAKE:
		return take(a, b);
	case STEP_SPLICE:
		return answer(splice(TAKE(a), NULL, PUT(b), NULL, 1, SPLICE_F_NONBLOCK));
	case STEP_TEE:
		return answer(tee(TAKE(a), PUT(b), 1, SPLICE_F_NONBLOCK));
	case STEP_SPLICE_HELD:
		return splice_held(a);
	case STEP_VMSPLICE:
		return vmsplice_byte(a);
	case STEP_SEND_HELD:
		return send_held();
	case STEP_RECEIVE_HELD:
		return receive_held();
	case STEP_MAP_MEMFD:
		return map(TAKE(PLACE_MEMFD));
	case STEP_MAP_SHM:
		return answer((long)shmat(memory_id, NULL, 0) == -1 ? -1 : 0);
	case STEP_MAP_ANONYMOUS:
		return map(-1);
	case STEP_SIGNAL:
		return signal_value(command->pid);
	case STEP_PEEK:
		return peek(command->pid);
	case WALK_BEGIN:
		return begin(command);
	default:
		return 0; /* STEP_EXIT */
	}
}

static void on_signal(int number)
{
	(void)number; /* that it comes is all */
}

/* Refused to who may hand nothing to others, until the driver waits for it. */
static void say(const struct walk_reply *reply)
{
	while (send(WALK_CONTROL + slot, reply, sizeof(*reply), MSG_NOSIGNAL) < 0) {
		if (errno != EPERM)
			_exit(1);
		(void)usleep(500);
	}
}

static void serve(int is_executed)
{
	struct walk_reply reply = {0};
	struct walk_command command;

	if (is_executed)
		say(&reply);
	for (;;) {
		if (recv(WALK_CONTROL + slot, &command, sizeof(command), 0) != sizeof(command))
			_exit(1);
		reply.pid = 0;
		reply.error = obey(&command, &reply.pid);
		if (command.kind == STEP_FORK && reply.error == 0 && reply.pid == 0)
			continue; /* the child: its parent answers */
		say(&reply);
		if (command.kind == STEP_EXIT)
			_exit(0);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (argc < 2)
		return 2;
	slot = atoi(argv[1]);
	if (argc > 3) {
		queue_id = atoi(argv[2]);
		memory_id = atoi(argv[3]);
	}
	(void)sigaction(SIGRTMIN, &action, NULL); /* a valid number and address */
	(void)signal(SIGCHLD, SIG_IGN);		  /* children leave nothing behind */
	serve(argc > 3);
	return 0;
}
