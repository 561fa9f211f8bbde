/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by handing on a descriptor, and by pipes between processes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain.h"
#include "roads.h"

/* The source's descriptor without close-on-exec, as text for a plain program's argument. */
static int inheritable(struct job *job, char text[16])
{
	int r = job_read(job);

	if (r < 0)
		return r;
	if (fcntl(job->source_fd, F_SETFD, 0))
		return -errno;
	snprintf(text, 16, "%d", job->source_fd);
	return 0;
}

static int road_fd_inherited(struct job *job)
{
	char fd[16];
	int r = inheritable(job, fd);

	return r < 0 ? r : wait_child(spawn_plain("@fd-read", fd, NULL));
}

/* Opened, but not read by the one who opened. */
static int road_fd_unread(struct job *job)
{
	char fd[16];

	job->source_fd = open(job->source, O_RDONLY);
	if (job->source_fd < 0)
		return -EIO;
	snprintf(fd, sizeof(fd), "%d", job->source_fd);
	return exec_plain("@fd-to", fd, job->target, NULL);
}

static int road_fd_reopen(struct job *job)
{
	char fd[16];
	int r = inheritable(job, fd);

	return r < 0 ? r : wait_child(spawn_plain("@fd-reopen", fd, NULL));
}

/* A plain program at the other end of a socket, started before anything is read. */
static int plain_at_socket(struct job *job, const char *verb, int *ret_socket, pid_t *ret_pid)
{
	int pair[2];
	char text[16];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -errno;
	if (fcntl(pair[0], F_SETFD, FD_CLOEXEC))
		return -errno;
	snprintf(text, sizeof(text), "%d", pair[1]);
	*ret_pid = spawn_plain(verb, text, job->target, NULL);
	close(pair[1]);
	*ret_socket = pair[0];
	return 0;
}

static int road_scm_rights(struct job *job)
{
	int socket, r;
	pid_t pid;

	r = plain_at_socket(job, "@receive", &socket, &pid);
	if (r < 0)
		return r;
	r = job_read(job);
	if (r < 0)
		return r;
	r = descriptor_send(socket, job->source_fd);
	return r < 0 ? r : wait_child(pid);
}

/* The other way: a plain program opens the way out for the reader. */
static int road_scm_target(struct job *job)
{
	auto_close int fd = -EBADF;
	int socket, r;
	pid_t pid;

	r = plain_at_socket(job, "@send-target", &socket, &pid);
	if (r < 0)
		return r;
	r = job_read(job);
	if (r < 0)
		return r;
	fd = descriptor_receive(socket);
	if (fd < 0 || wait_child(pid) < 0)
		return -EIO;
	return write_all(fd, job->content, job->size);
}

static int road_pidfd_getfd(struct job *job)
{
	char self[16], fd[16];
	pid_t pid;
	int r;

	snprintf(self, sizeof(self), "%d", (int)getpid());
	/* The number is known before: it is the lowest one free. */
	r = dup(STDIN_FILENO);
	if (r < 0)
		return -errno;
	close(r);
	snprintf(fd, sizeof(fd), "%d", r);
	road_go_prepare();
	pid = spawn_plain("@wait", "@getfd", self, fd, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

struct pipe_road {
	bool is_fifo;
	bool is_waiting; /* the plain program is in read() when the content comes */
};

static int open_ends(struct job *job, const struct pipe_road *road, int *ret_read, int *ret_write)
{
	int ends[2];

	if (!road->is_fifo) {
		if (pipe2(ends, O_CLOEXEC))
			return -errno;
		*ret_read = ends[0];
		*ret_write = ends[1];
		return 0;
	}
	if (!job->arg[0])
		return -EINVAL;
	(void)unlink(job->arg[0]);
	if (mkfifo(job->arg[0], 0600))
		return -errno;
	*ret_read = open(job->arg[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	*ret_write = open(job->arg[0], O_WRONLY | O_CLOEXEC);
	if (*ret_read < 0 || *ret_write < 0)
		return -errno;
	return check_call(fcntl(*ret_read, F_SETFL, 0));
}

static int through_pipe(struct job *job, const struct pipe_road *road)
{
	auto_close int from = -EBADF, to = -EBADF;
	int r = open_ends(job, road, &from, &to);

	return r < 0 ? r : hand_over(job, from, to, road->is_waiting);
}

static int road_pipe_waiting(struct job *job)
{
	return through_pipe(job, &(struct pipe_road){.is_waiting = true});
}

static int road_pipe_later(struct job *job)
{
	return through_pipe(job, &(struct pipe_road){.is_waiting = false});
}

static int road_fifo_waiting(struct job *job)
{
	return through_pipe(job, &(struct pipe_road){.is_fifo = true, .is_waiting = true});
}

static int road_fifo_later(struct job *job)
{
	return through_pipe(job, &(struct pipe_road){.is_fifo = true});
}

/* Who holds a local file open from before it got a label (argument 1) reads it afterwards. */
static int road_late_label(struct job *job)
{
	auto_close int fd = -EBADF;
	pid_t pid;
	int r;

	if (!job->arg[0])
		return -EINVAL;
	road_go_prepare();
	pid = spawn_plain("@late", job->arg[0], job->target, NULL);
	(void)usleep(700000);
	r = job_read(job);
	if (r < 0)
		return r;
	fd = check_call(open(job->arg[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	if (fd < 0 || write_all(fd, job->content, job->size) < 0)
		return -EIO; /* local files follow: this must work */
	road_go(pid);
	return wait_child(pid);
}

/* The same with a mapping in place of a descriptor: loads have no hook. */
static int road_late_label_mapped(struct job *job)
{
	auto_close int fd = -EBADF;
	char *map;
	pid_t pid;
	int r;

	if (!job->arg[0])
		return -EINVAL;
	fd = check_call(open(job->arg[0], O_RDWR | O_CREAT | O_CLOEXEC, 0666));
	if (fd < 0 || ftruncate(fd, ROAD_CONTENT_MAX))
		return -EIO;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -EIO;
	pid = fork_copier(job, map);
	r = job_read(job);
	if (r < 0)
		return r;
	r = write_all(fd, job->content, job->size);
	road_go(pid);
	return r < 0 ? r : wait_child(pid);
}

const struct road roads_descriptors[] = {
	{"fd-inherited", road_fd_inherited, false},
	{"fd-unread", road_fd_unread, false},
	{"fd-reopen", road_fd_reopen, false},
	{"scm-rights", road_scm_rights, false},
	{"scm-target", road_scm_target, false},
	{"pidfd-getfd", road_pidfd_getfd, false},
	{"pipe-waiting", road_pipe_waiting, false},
	{"pipe-later", road_pipe_later, false},
	{"fifo-waiting", road_fifo_waiting, false},
	{"fifo-later", road_fifo_later, false},
	{"late-label", road_late_label, false},
	{"late-label-mapped", road_late_label_mapped, false},
	{0},
};
