/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of programs without rights, each of which waits at one way between processes and puts
 * what it gets into the next one, of another kind; the last one takes it to the target. All of
 * them were there before the first one read: nothing comes to them by fork.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain.h"
#include "roads.h"

#define LINK_MAX_TEXT 512

static int take_from_descriptor(int fd, char *content)
{
	ssize_t size = read(fd, content, ROAD_CONTENT_MAX);

	return size < 0 ? -errno : size == 0 ? -ENODATA : (int)size;
}

static int take_from_fifo(const char *path, char *content)
{
	auto_close int fd = check_call(open(path, O_RDONLY | O_CLOEXEC));

	return fd < 0 ? fd : take_from_descriptor(fd, content);
}

static int take_from_queue(int id, char *content)
{
	struct road_message message;
	ssize_t size = msgrcv(id, &message, sizeof(message.text), 0, 0);

	if (size < 0)
		return -errno;
	memcpy(content, message.text, (size_t)size);
	return (int)size;
}

/* Memory does not wake who waits for it. */
static int take_from_memory(int id, char *content)
{
	const char *map;

	road_go_wait();
	map = shmat(id, NULL, SHM_RDONLY);
	if (map == (void *)-1)
		return -errno;
	memcpy(content, map, ROAD_CONTENT_MAX);
	return (int)strnlen(content, ROAD_CONTENT_MAX);
}

static int put_into_memory(int id, pid_t waiting, const char *content, size_t size)
{
	char *map = shmat(id, NULL, 0);

	if (map == (void *)-1)
		return -errno;
	memcpy(map, content, size);
	road_go(waiting);
	return 0;
}

static int put_into_queue(int id, const char *content, size_t size)
{
	struct road_message message = {.type = 1};

	memcpy(message.text, content, size);
	return check_call(msgsnd(id, &message, size, 0));
}

static int put_into_file(const char *path, int flags, const char *content, size_t size)
{
	auto_close int fd = check_call(open(path, O_WRONLY | O_CLOEXEC | flags, 0666));

	return fd < 0 ? fd : write_all(fd, content, size);
}

static int put_into_network(const char *address, const char *content, size_t size)
{
	auto_close int fd = check_call(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9000)};

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return fd < 0 ? fd : -EINVAL;
	return check_call(sendto(fd, content, size, 0, (struct sockaddr *)&to, sizeof(to)));
}

/* "KIND:WHERE" and, behind one more colon, the process that waits for memory. */
static int take(const char *from, char *content)
{
	const char *where = strchr(from, ':') + 1;

	switch (from[0]) {
	case 'f':
		return take_from_descriptor(atoi(where), content);
	case 'n':
		return take_from_fifo(where, content);
	case 'q':
		return take_from_queue(atoi(where), content);
	case 'm':
		return take_from_memory(atoi(where), content);
	default:
		return -EINVAL;
	}
}

static int put(const char *to, const char *content, size_t size)
{
	const char *where = strchr(to, ':') + 1;

	switch (to[0]) {
	case 'f':
		return write_all(atoi(where), content, size);
	case 'n':
		return put_into_file(where, 0, content, size);
	case 'q':
		return put_into_queue(atoi(where), content, size);
	case 'm':
		return put_into_memory(atoi(where), atoi(strchr(where, ':') + 1), content, size);
	case 't':
		return put_into_file(where, O_CREAT, content, size);
	case 'u':
		return put_into_network(where, content, size);
	default:
		return -EINVAL;
	}
}

int chain_relay(char **argv)
{
	static char content[ROAD_CONTENT_MAX];
	int r;

	(void)prctl(PR_SET_NAME, argv[0]); /* a short one of ours */
	if (!strchr(argv[1], ':') || !strchr(argv[2], ':'))
		return -EINVAL;
	r = take(argv[1], content);
	return r < 0 ? r : put(argv[2], content, (size_t)r);
}

static pid_t relay(const char *name, const char *from, const char *to)
{
	return spawn_plain("@relay", name, from, to, NULL);
}

/*
 * Reader, pipe, unix socket, SysV queue, terminal, SysV memory, FIFO, and then the target: a path,
 * or an address when arg[1] is given. arg[0] is the FIFO's path.
 */
static int road_chain(struct job *job)
{
	char words[8][LINK_MAX_TEXT];
	int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	int memory = shmget(IPC_PRIVATE, ROAD_CONTENT_MAX, IPC_CREAT | 0600);
	int pipe_ends[2], socket_ends[2], terminal[2] = {-EBADF, -EBADF}, r;
	pid_t waiting, last;

	if (!job->arg[0])
		return -EINVAL;
	(void)unlink(job->arg[0]); /* of the walk before */
	if (queue < 0 || memory < 0 || pipe(pipe_ends) || mkfifo(job->arg[0], 0600) ||
		socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends))
		return -errno;
	r = open_terminal(terminal, 0);
	if (r < 0)
		return r;
	snprintf(words[0], LINK_MAX_TEXT, "f:%d", pipe_ends[0]);
	snprintf(words[1], LINK_MAX_TEXT, "f:%d", socket_ends[1]);
	snprintf(words[2], LINK_MAX_TEXT, "f:%d", socket_ends[0]);
	snprintf(words[3], LINK_MAX_TEXT, "q:%d", queue);
	snprintf(words[4], LINK_MAX_TEXT, "f:%d", terminal[1]);
	snprintf(words[5], LINK_MAX_TEXT, "f:%d", terminal[0]);
	snprintf(words[6], LINK_MAX_TEXT, "n:%s", job->arg[0]);
	snprintf(words[7], LINK_MAX_TEXT, "%s:%s", job->arg[1] ? "u" : "t", job->target);
	road_go_prepare();
	(void)relay("hop-pipe", words[0], words[1]); /* one that fails stops the chain: alarm() */
	(void)relay("hop-socket", words[2], words[3]);
	(void)relay("hop-queue", words[3], words[4]);
	snprintf(words[0], LINK_MAX_TEXT, "m:%d", memory);
	waiting = relay("hop-memory", words[0], words[6]);
	snprintf(words[1], LINK_MAX_TEXT, "m:%d:%d", memory, (int)waiting);
	(void)relay("hop-terminal", words[5], words[1]);
	last = relay("hop-fifo", words[6], words[7]);
	(void)usleep(700000); /* they wait by then, on a slow machine too */
	r = job_read(job);
	if (r < 0)
		return r;
	r = write_all(pipe_ends[1], job->content, job->size);
	return r < 0 ? r : wait_child(last);
}

const struct road roads_chain[] = {
	{"chain", road_chain, false},
	{0},
};
