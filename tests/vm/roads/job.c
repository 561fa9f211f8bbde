/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all roads share: reading the source, judging calls, children. Nothing here prints: what a
 * labelled reader writes to its standard output makes that a labelled file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roads.h"

#define PLAIN_ARG_MAX 8
#define ERRNO_MAX     140 /* the last there is on Linux is EHWPOISON, 133 */

static const char *plain_path(void)
{
	const char *path = getenv("HF_ROAD_PLAIN");

	return path ? path : "/usr/local/bin/hf-road-plain";
}

int check_call(long value)
{
	return value < 0 ? -errno : (int)value;
}

static int unread(const struct job *job, int r)
{
	if (job->may_refuse_read)
		return r;
	_exit(ROAD_EXIT_UNREAD);
}

int job_read(struct job *job)
{
	ssize_t size;

	job->source_fd = open(job->source, O_RDONLY | O_CLOEXEC);
	if (job->source_fd < 0)
		return unread(job, -errno);
	size = read(job->source_fd, job->content, ROAD_CONTENT_MAX);
	if (size < 0)
		return unread(job, -errno);
	if (size == 0)
		return -ENODATA;
	job->size = (size_t)size;
	if (lseek(job->source_fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}

int job_open_target(const struct job *job, int flags)
{
	int mode = flags & O_ACCMODE ? 0 : O_WRONLY;

	return check_call(open(job->target, flags | mode | O_CREAT | O_CLOEXEC, 0666));
}

int write_all(int fd, const void *data, size_t size)
{
	ssize_t written = write(fd, data, size);

	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -EIO;
}

int job_store(const struct job *job, char *map)
{
	memcpy(map, job->content, job->size);
	return check_call(msync(map, ROAD_CONTENT_MAX, MS_SYNC));
}

int wait_child(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ROAD_EXIT_OUT)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ROAD_EXIT_REFUSED)
		return -EPERM;
	if (WIFEXITED(status) && WEXITSTATUS(status) > ROAD_EXIT_ERRNO)
		return ROAD_EXIT_ERRNO - WEXITSTATUS(status);
	return -ECHILD;
}

void road_go_prepare(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* fails for wrong arguments only */
}

void road_go(pid_t pid)
{
	(void)kill(pid, SIGUSR1); /* a child that is gone is seen by wait_child() */
}

void road_go_wait(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	(void)sigwait(&set, &number); /* as above */
}

static int exit_of(int r)
{
	switch (-r) {
	case EPERM:
	case EACCES:
		return ROAD_EXIT_REFUSED;
	case ENOSYS:
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case ENODEV:
		return ROAD_EXIT_ABSENT;
	default:
		return r < -ERRNO_MAX ? ROAD_EXIT_BROKEN : ROAD_EXIT_ERRNO - r;
	}
}

void exit_road(int r)
{
	if (r >= 0)
		_exit(ROAD_EXIT_OUT);
	_exit(exit_of(r));
}

static void collect(const char **argv, const char *verb, va_list arguments)
{
	size_t count = 0;

	argv[count++] = plain_path();
	argv[count++] = verb;
	while (count < PLAIN_ARG_MAX) {
		argv[count] = va_arg(arguments, const char *);
		if (!argv[count++])
			return;
	}
	argv[PLAIN_ARG_MAX] = NULL;
}

pid_t spawn_plain(const char *verb, ...)
{
	const char *argv[PLAIN_ARG_MAX + 1];
	va_list arguments;
	pid_t pid;

	va_start(arguments, verb);
	collect(argv, verb, arguments);
	va_end(arguments);
	pid = fork();
	if (pid == 0) {
		execv(argv[0], (char *const *)argv);
		_exit(ROAD_EXIT_BROKEN);
	}
	return pid;
}

int exec_plain(const char *verb, ...)
{
	const char *argv[PLAIN_ARG_MAX + 1];
	va_list arguments;

	va_start(arguments, verb);
	collect(argv, verb, arguments);
	va_end(arguments);
	execv(argv[0], (char *const *)argv);
	return -errno;
}

int job_read_then_go(struct job *job, pid_t pid)
{
	int r = job_read(job);

	if (r < 0)
		return r;
	road_go(pid);
	return wait_child(pid);
}

pid_t fork_copier(const struct job *job, const char *map)
{
	pid_t pid;

	road_go_prepare();
	pid = fork();
	if (pid == 0) {
		auto_close int out = job_open_target(job, 0);

		road_go_wait();
		exit_road(out < 0 ? out : write_all(out, map, ROAD_CONTENT_MAX));
	}
	return pid;
}

int job_share(struct job *job, char *map)
{
	pid_t pid = fork_copier(job, map);
	int r = job_read(job);

	if (r < 0)
		return r;
	memcpy(map, job->content, job->size);
	road_go(pid);
	return wait_child(pid);
}
