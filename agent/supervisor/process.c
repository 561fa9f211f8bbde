/* SPDX-License-Identifier: Apache-2.0 */
/* What lies between fork(2) and execv(2) calls nothing that allocates or locks. */
#include "agent/supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/log.h"

#define PEER_FD	     3
#define SECOND_FD    4
#define THIRD_FD     5
#define STOP_TRIES   100
#define STOP_WAIT_NS 50000000L

/* First out of the way of each other's places, then in. */
static void place_fds(const struct process_plan *plan)
{
	int peer = plan->peer_fd < 0 ? -1 : fcntl(plan->peer_fd, F_DUPFD_CLOEXEC, 10);
	int second = plan->second_fd < 0 ? -1 : fcntl(plan->second_fd, F_DUPFD_CLOEXEC, 10);
	int third = plan->third_fd <= 0 ? -1 : fcntl(plan->third_fd, F_DUPFD_CLOEXEC, 10);

	if (plan->peer_fd >= 0 && (peer < 0 || dup2(peer, PEER_FD) < 0))
		_exit(EXIT_FAILURE);
	if (plan->second_fd >= 0 && (second < 0 || dup2(second, SECOND_FD) < 0))
		_exit(EXIT_FAILURE);
	if (plan->third_fd > 0 && (third < 0 || dup2(third, THIRD_FD) < 0))
		_exit(EXIT_FAILURE);
}

static void become(const struct process_plan *plan)
{
	const struct rlimit memory = {RLIM_INFINITY, RLIM_INFINITY};

	if (plan->may_lock_memory)
		(void)setrlimit(RLIMIT_MEMLOCK, &memory); /* the child says what it lacks */
	if (!plan->has_user)
		return;
	if (setgroups(plan->group != (gid_t)-1, &plan->group) < 0 ||
		setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
		setresuid(plan->uid, plan->uid, plan->uid) < 0)
		_exit(EXIT_FAILURE);
}

static void signals_default(void)
{
	sigset_t none;

	(void)sigemptyset(&none);		     /* can't fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* likewise */
}

pid_t process_start(const struct process_plan *plan)
{
	char *arguments[PROCESS_ARGUMENTS_MAX + 1];
	char path[PATH_MAX];
	size_t count = 0;
	pid_t child;

	for (size_t i = 0; i < PROCESS_ARGUMENTS_MAX; i++)
		if (plan->arguments[i])
			arguments[count++] = (char *)plan->arguments[i]; /* execv(3) changes none */
	arguments[count] = NULL;
	(void)snprintf(path, sizeof(path), "%s/%s", plan->directory, arguments[0]);
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0)
		return child;
	signals_default();
	place_fds(plan);
	become(plan);
	(void)execv(path, arguments); /* returns on failure only */
	log_error("cannot run '%s': %m", path);
	_exit(EXIT_FAILURE);
}

int process_sockets(int ret_fds[2])
{
	int size = CHANNEL_SEND_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) /* refused, frames wait in our own queue */
		(void)setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return 0;
}

bool process_is_gone(pid_t process)
{
	siginfo_t who = {0};

	return waitid(P_PID, (id_t)process, &who, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       who.si_pid != 0;
}

/* True when the child is gone. */
static bool reap(pid_t *child)
{
	if (*child > 0 && waitpid(*child, NULL, WNOHANG) == *child)
		*child = 0;
	return *child <= 0;
}

static void end_by_force(pid_t *child)
{
	if (*child > 0) {
		(void)kill(*child, SIGKILL);	/* ours, not reaped: can't be another's id */
		(void)waitpid(*child, NULL, 0); /* killed */
	}
	*child = 0;
}

void process_end(pid_t *first, pid_t *second)
{
	const struct timespec pause = {.tv_nsec = STOP_WAIT_NS};

	for (int i = 0; i < STOP_TRIES; i++) {
		bool is_gone = reap(first);

		if (reap(second) && is_gone)
			return;
		(void)nanosleep(&pause, NULL); /* a signal shortens it: one try more */
	}
	end_by_force(first);
	end_by_force(second);
}
