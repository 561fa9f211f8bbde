/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads by memory and messages between processes to a program without rights, which was there
 * before the read and then writes to the target.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "plain.h"
#include "roads.h"

pid_t plain_on(struct job *job, int from, bool is_waiting)
{
	pid_t pid;

	road_go_prepare();
	pid = fork();
	if (pid)
		return pid;
	(void)dup2(from, STDIN_FILENO);
	if (is_waiting)
		exit_road(exec_plain("@stdin-to", job->target, NULL));
	exit_road(exec_plain("@wait", "@stdin-to", job->target, NULL));
}

int hand_over(struct job *job, int from, int to, bool is_waiting)
{
	pid_t pid = plain_on(job, from, is_waiting);
	int r;

	if (is_waiting)
		(void)usleep(700000); /* it is in read() by then, on a slow machine too */
	r = job_read(job);
	if (r < 0)
		return r;
	r = write_all(to, job->content, job->size);
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

int open_terminal(int ret_ends[2], int flags)
{
	struct termios settings;

	ret_ends[0] = posix_openpt(O_RDWR | O_NOCTTY | flags);
	if (ret_ends[0] < 0 || grantpt(ret_ends[0]) || unlockpt(ret_ends[0]))
		return -errno;
	ret_ends[1] = open(ptsname(ret_ends[0]), O_RDWR | O_NOCTTY | flags);
	if (ret_ends[1] < 0 || tcgetattr(ret_ends[1], &settings))
		return -errno;
	cfmakeraw(&settings);
	return check_call(tcsetattr(ret_ends[1], TCSANOW, &settings));
}

static int unix_socket(struct job *job, int type, bool is_waiting)
{
	int pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair))
		return -errno;
	return hand_over(job, pair[0], pair[1], is_waiting);
}

static int road_unix_stream(struct job *job)
{
	return unix_socket(job, SOCK_STREAM, false);
}

static int road_unix_stream_waiting(struct job *job)
{
	return unix_socket(job, SOCK_STREAM, true);
}

static int road_unix_datagram(struct job *job)
{
	return unix_socket(job, SOCK_DGRAM, false);
}

static int road_memfd(struct job *job)
{
	int fd = memfd_create("road", MFD_CLOEXEC);

	return fd < 0 ? -errno : hand_over(job, fd, fd, false);
}

static int road_memfd_mapped(struct job *job)
{
	int fd = memfd_create("road", MFD_CLOEXEC), r;
	char *map;
	pid_t pid;

	if (fd < 0 || ftruncate(fd, ROAD_CONTENT_MAX))
		return -errno;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	pid = plain_on(job, fd, false);
	(void)usleep(700000); /* by then it executes something else, and shares nothing with us */
	r = job_read(job);
	if (r < 0)
		return r;
	memcpy(map, job->content, job->size);
	road_go(pid);
	return wait_child(pid);
}

/* Anonymous shared memory between parent and child. */
static int road_shared_anonymous(struct job *job)
{
	char *map = mmap(
		NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? -errno : job_share(job, map);
}

/* The same, by a device. */
static int road_shared_zero(struct job *job)
{
	auto_close int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	char *map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);

	return map == MAP_FAILED ? -errno : job_share(job, map);
}

static int road_shared_memory(struct job *job)
{
	int id = shmget(IPC_PRIVATE, ROAD_CONTENT_MAX, IPC_CREAT | 0600), r;
	char text[16], *map;
	pid_t pid;

	if (id < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d", id);
	road_go_prepare();
	pid = spawn_plain("@wait", "@shared-memory-to", text, job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	map = shmat(id, NULL, 0);
	if (map == (void *)-1)
		return -errno;
	memcpy(map, job->content, job->size);
	road_go(pid);
	r = wait_child(pid);
	(void)shmctl(id, IPC_RMID, NULL); /* the machine is thrown away */
	return r;
}

static int road_message_queue(struct job *job)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600), r;
	struct road_message message = {.type = 1};
	char text[16];
	pid_t pid;

	if (id < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d", id);
	road_go_prepare();
	pid = spawn_plain("@wait", "@message-to", text, job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	memcpy(message.text, job->content, job->size);
	r = check_call(msgsnd(id, &message, job->size, 0));
	if (r == 0) {
		road_go(pid);
		r = wait_child(pid);
	}
	(void)msgctl(id, IPC_RMID, NULL); /* the machine is thrown away */
	return r;
}

/* What is typed into one end of a terminal is read at the other. */
static int road_terminal(struct job *job)
{
	int ends[2], r = open_terminal(ends, O_CLOEXEC);

	if (r < 0)
		return r;
	return hand_over(job, ends[1], ends[0], false);
}

/* What stands in a process's own command line is for everybody to read. */
static int road_environ(struct job *job)
{
	char self[16];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	road_go_prepare();
	return job_read_then_go(job, spawn_plain("@wait", "@proc", self, "environ", NULL));
}

const struct road roads_ipc[] = {
	{"unix-stream", road_unix_stream, false},
	{"unix-stream-waiting", road_unix_stream_waiting, false},
	{"unix-datagram", road_unix_datagram, false},
	{"memfd", road_memfd, false},
	{"memfd-mapped", road_memfd_mapped, false},
	{"shared-anonymous", road_shared_anonymous, false},
	{"shared-zero", road_shared_zero, false},
	{"shared-memory", road_shared_memory, false},
	{"message-queue", road_message_queue, false},
	{"terminal", road_terminal, false},
	{"environ", road_environ, false},
	{0},
};
