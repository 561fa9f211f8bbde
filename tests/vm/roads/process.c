/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by another process or thread: what one has read, another one writes out. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roads.h"

#define STACK_SIZE   (256 * 1024)
#define DUMP_WAIT_MS 5000

extern char **environ;

static int write_out(const struct job *job)
{
	auto_close int fd = job_open_target(job, 0);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

static int road_fork(struct job *job)
{
	pid_t pid;
	int r = job_read(job);

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		exit_road(write_out(job));
	return wait_child(pid);
}

static int road_vfork(struct job *job)
{
	int fd = job_open_target(job, 0), r;
	pid_t pid;

	if (fd < 0)
		return fd;
	r = job_read(job);
	if (r < 0)
		return r;
	pid = vfork();
	if (pid == 0) {
		ssize_t size = write(fd, job->content, job->size);

		_exit(size > 0		 ? ROAD_EXIT_OUT
			: errno == EPERM ? ROAD_EXIT_REFUSED
					 : ROAD_EXIT_BROKEN);
	}
	return wait_child(pid);
}

/* No parent, no session, nothing in common with who has read. */
static int road_daemon(struct job *job)
{
	int answer[2], r = job_read(job);

	if (r < 0)
		return r;
	if (pipe2(answer, O_CLOEXEC))
		return -errno;
	if (fork() == 0) {
		(void)setsid(); /* fails for a session leader only, which a new child is not */
		if (fork() != 0)
			_exit(0);
		(void)usleep(200000); /* the one between is gone */
		r = write_out(job);
		_exit(write(answer[1], &r, sizeof(r)) == sizeof(r) ? 0 : 1);
	}
	close(answer[1]);
	(void)wait(NULL);
	return read(answer[0], &r, sizeof(r)) == sizeof(r) ? r : -EIO;
}

struct thread_job {
	struct job *job;
	atomic_int has_read;
	int fd;
	int r;
};

static void *thread_reads(void *data)
{
	struct thread_job *shared = data;

	shared->r = job_read(shared->job);
	return NULL;
}

static int road_thread_reads(struct job *job)
{
	struct thread_job shared = {.job = job, .fd = job_open_target(job, 0)};
	pthread_t thread;

	if (shared.fd < 0)
		return shared.fd;
	if (pthread_create(&thread, NULL, thread_reads, &shared))
		return -EAGAIN;
	(void)pthread_join(thread, NULL); /* it was just made */
	return shared.r < 0 ? shared.r : write_all(shared.fd, job->content, job->size);
}

static void *thread_writes(void *data)
{
	struct thread_job *shared = data;

	while (!atomic_load(&shared->has_read))
		(void)usleep(1000);
	shared->r = write_all(shared->fd, shared->job->content, shared->job->size);
	return NULL;
}

/* The thread that writes was running before the other one read. */
static int road_thread_writes(struct job *job)
{
	struct thread_job shared = {.job = job, .fd = job_open_target(job, 0)};
	pthread_t thread;
	int r;

	if (shared.fd < 0)
		return shared.fd;
	if (pthread_create(&thread, NULL, thread_writes, &shared))
		return -EAGAIN;
	r = job_read(job);
	atomic_store(&shared.has_read, 1);
	(void)pthread_join(thread, NULL); /* it was just made */
	return r < 0 ? r : shared.r;
}

static int sibling_writes(void *data)
{
	(void)thread_writes(data);
	return 0;
}

static int sibling_reads(void *data)
{
	(void)thread_reads(data);
	return 0;
}

/* The same memory, but another thread group. */
static pid_t clone_sibling(int (*function)(void *), struct thread_job *shared)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return -1;
	return clone(function, stack + STACK_SIZE, CLONE_VM | CLONE_FILES | SIGCHLD, shared);
}

static int road_sibling_writes(struct job *job)
{
	struct thread_job shared = {.job = job, .fd = job_open_target(job, 0)};
	pid_t pid;
	int r;

	if (shared.fd < 0)
		return shared.fd;
	pid = clone_sibling(sibling_writes, &shared);
	if (pid < 0)
		return -errno;
	r = job_read(job);
	atomic_store(&shared.has_read, 1);
	if (waitpid(pid, NULL, 0) != pid)
		return -errno;
	return r < 0 ? r : shared.r;
}

static int road_sibling_reads(struct job *job)
{
	struct thread_job shared = {.job = job, .fd = job_open_target(job, 0)};
	pid_t pid;

	if (shared.fd < 0)
		return shared.fd;
	pid = clone_sibling(sibling_reads, &shared);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return -errno;
	return shared.r < 0 ? shared.r : write_all(shared.fd, job->content, job->size);
}

/* Another program gets the content in its environment, and knows nothing of the source. */
static int road_exec_environment(struct job *job)
{
	int r = job_read(job);

	if (r < 0)
		return r;
	job->content[job->size - 1] = '\0';
	if (setenv("HF_ROAD_CONTENT", job->content, 1))
		return -errno;
	return exec_plain("@environment-to", job->target, NULL);
}

static void *exec_from_thread(void *data)
{
	struct thread_job *shared = data;

	exit_road(exec_plain("@environment-to", shared->job->target, NULL));
}

/* exec by a thread that is not the leader takes over the leader's process id. */
static int road_exec_thread(struct job *job)
{
	struct thread_job shared = {.job = job};
	pthread_t thread;
	int r = job_read(job);

	if (r < 0)
		return r;
	job->content[job->size - 1] = '\0';
	if (setenv("HF_ROAD_CONTENT", job->content, 1))
		return -errno;
	if (pthread_create(&thread, NULL, exec_from_thread, &shared))
		return -EAGAIN;
	for (;;)
		pause();
}

static int road_spawn(struct job *job)
{
	const char *plain = getenv("HF_ROAD_PLAIN");
	char *argv[] = {(char *)"plain", (char *)"@environment-to", (char *)job->target, NULL};
	pid_t pid;
	int r = job_read(job);

	if (r < 0)
		return r;
	job->content[job->size - 1] = '\0';
	if (setenv("HF_ROAD_CONTENT", job->content, 1))
		return -errno;
	r = posix_spawn(
		&pid, plain ? plain : "/usr/local/bin/hf-road-plain", NULL, NULL, argv, environ);
	return r ? -r : wait_child(pid);
}

/* A descriptor of the way out goes over exec. */
static int road_exec_descriptor(struct job *job)
{
	char fd[32];
	int out = job_open_target(job, 0), r;

	if (out < 0)
		return out;
	r = job_read(job);
	if (r < 0)
		return r;
	job->content[job->size - 1] = '\0';
	if (fcntl(out, F_SETFD, 0) || setenv("HF_ROAD_CONTENT", job->content, 1))
		return -errno;
	snprintf(fd, sizeof(fd), "/dev/fd/%d", out);
	return exec_plain("@environment-to", fd, NULL);
}

/* Dies with the content in memory; the case has set core_pattern so that the dump is the target. */
static int road_core_dump(struct job *job)
{
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	auto_free char *path = strdup(job->target);
	struct stat status;
	pid_t pid;

	if (!path || setrlimit(RLIMIT_CORE, &limit) || chdir(dirname(path)))
		return -errno;
	(void)unlink(job->target);
	pid = fork();
	if (pid == 0) {
		if (job_read(job) < 0)
			_exit(ROAD_EXIT_UNREAD);
		abort();
	}
	(void)waitpid(pid, NULL, 0);
	for (int waited = 0; waited < DUMP_WAIT_MS; waited += 100) {
		if (stat(job->target, &status) == 0 && status.st_size > 0)
			return 0;
		(void)usleep(100000);
	}
	return -EPERM;
}

const struct road roads_process[] = {
	{"fork", road_fork, false},
	{"vfork", road_vfork, false},
	{"daemon", road_daemon, false},
	{"thread-reads", road_thread_reads, false},
	{"thread-writes", road_thread_writes, false},
	{"sibling-writes", road_sibling_writes, false},
	{"sibling-reads", road_sibling_reads, false},
	{"exec-environment", road_exec_environment, false},
	{"exec-thread", road_exec_thread, false},
	{"spawn", road_spawn, false},
	{"exec-descriptor", road_exec_descriptor, false},
	{"core-dump", road_core_dump, false},
	{0},
};
