/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No roads out, but ways to have shared memory with another process before the source is read, once
 * that process is gone or while it is still there. What is read is written nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roads.h"

static int map_anonymous(void)
{
	void *map = mmap(
		NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? -errno : 0;
}

static int map_target(const struct job *job)
{
	auto_close int fd = job_open_target(job, O_RDWR);
	void *map;

	if (fd < 0 || ftruncate(fd, ROAD_CONTENT_MAX))
		return fd < 0 ? fd : -errno;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? -errno : 0;
}

/* Reads while the child is there, and lets it go. */
static int read_beside(struct job *job, pid_t child)
{
	int r = child < 0 ? -errno : job_read(job);

	if (child > 0)
		(void)kill(child, SIGKILL); /* is there */
	return r;
}

static int road_child_lives(struct job *job)
{
	int r = map_anonymous();
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		(void)pause(); /* until it is killed */
		_exit(ROAD_EXIT_OUT);
	}
	return read_beside(job, pid);
}

static int road_child_ended(struct job *job)
{
	int r = map_anonymous();
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		_exit(ROAD_EXIT_OUT);
	r = wait_child(pid);
	return r < 0 ? r : job_read(job);
}

static int road_vfork_ended(struct job *job)
{
	int r = map_anonymous();
	pid_t pid;

	if (r < 0)
		return r;
	pid = vfork();
	if (pid == 0)
		_exit(ROAD_EXIT_OUT);
	r = wait_child(pid);
	return r < 0 ? r : job_read(job);
}

/* The child lives, but as another program, in memory of its own. */
static int road_child_executes(struct job *job)
{
	int r = map_anonymous(), ready[2];
	char byte;
	pid_t pid;

	if (r < 0)
		return r;
	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = spawn_plain("@wait", "@proc", "self", "environ", NULL);
	(void)close(ready[1]);
	if (read(ready[0], &byte, 1) != 0) /* its end was closed by execve(2) */
		return -EIO;
	return read_beside(job, pid);
}

/* A child that maps the target, in a group of its own. Its process id or negative errno. */
static pid_t mapper_start(struct job *job)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0) {
		if (map_target(job) < 0)
			_exit(ROAD_EXIT_BROKEN);
		(void)!write(ready[1], "", 1); /* or the parent reads nothing */
		(void)pause();
		_exit(ROAD_EXIT_OUT);
	}
	(void)close(ready[1]);
	return read(ready[0], &byte, 1) == 1 ? pid : -EIO;
}

static int mapper_end(pid_t pid)
{
	(void)kill(pid, SIGKILL); /* is there */
	return check_call(waitpid(pid, NULL, 0));
}

static int road_mapper_lives(struct job *job)
{
	pid_t pid = mapper_start(job);
	int r = pid < 0 ? pid : map_target(job);

	return r < 0 ? r : read_beside(job, pid);
}

static int road_mapper_ended(struct job *job)
{
	pid_t pid = mapper_start(job);
	int r = pid < 0 ? pid : map_target(job);

	if (r >= 0)
		r = mapper_end(pid);
	return r < 0 ? r : job_read(job);
}

/* It mapped the file, and was gone before this one did. */
static int road_mapper_before(struct job *job)
{
	pid_t pid = mapper_start(job);
	int r = pid < 0 ? pid : mapper_end(pid);

	if (r >= 0)
		r = map_target(job);
	return r < 0 ? r : job_read(job);
}

/* Both have shared memory of their own: two groups become one. */
static int groups_meet(struct job *job, pid_t *ret_pid)
{
	pid_t pid = mapper_start(job);
	int r = pid < 0 ? pid : map_anonymous();

	if (r >= 0)
		r = map_target(job);
	if (r >= 0)
		*ret_pid = pid;
	return r;
}

static int road_groups_met(struct job *job)
{
	pid_t pid;
	int r = groups_meet(job, &pid);

	return r < 0 ? r : read_beside(job, pid);
}

static int road_groups_met_ended(struct job *job)
{
	pid_t pid;
	int r = groups_meet(job, &pid);

	if (r >= 0)
		r = mapper_end(pid);
	return r < 0 ? r : job_read(job);
}

const struct road roads_shared[] = {
	{"child-lives", road_child_lives, true},
	{"child-ended", road_child_ended, true},
	{"child-executes", road_child_executes, true},
	{"vfork-ended", road_vfork_ended, true},
	{"mapper-lives", road_mapper_lives, true},
	{"mapper-ended", road_mapper_ended, true},
	{"mapper-before", road_mapper_before, true},
	{"groups-met", road_groups_met, true},
	{"groups-met-ended", road_groups_met_ended, true},
	{0},
};
