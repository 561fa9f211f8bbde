/* SPDX-License-Identifier: Apache-2.0 */
/* fork, descriptors in their places, user, exec. */
#include "agent/supervisor/children.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/log.h"

#define PEER_FD	      3 /* in both: the socket between them */
#define SUPERVISOR_FD 4 /* in the engine */
#define STOP_TRIES    100
#define STOP_WAIT_NS  50000000L

/* Between fork and exec: puts descriptors in their places. -1 = leave the place empty. */
static void place_fds(int peer_fd, int supervisor_fd)
{
	/* First out of the way of each other's places, then in. */
	int peer = fcntl(peer_fd, F_DUPFD_CLOEXEC, 10);
	int supervisor = supervisor_fd < 0 ? -1 : fcntl(supervisor_fd, F_DUPFD_CLOEXEC, 10);

	if (peer < 0 || dup2(peer, PEER_FD) < 0)
		_exit(EXIT_FAILURE);
	if (supervisor_fd >= 0 && (supervisor < 0 || dup2(supervisor, SUPERVISOR_FD) < 0))
		_exit(EXIT_FAILURE);
}

static void become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(EXIT_FAILURE);
}

static void signals_default(void)
{
	sigset_t none;

	(void)sigemptyset(&none);		     /* can't fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* likewise */
}

static void exec_engine(const struct supervisor_options *options)
{
	char path[PATH_MAX];
	char *const arguments[] = {(char *)"holdfast-engine", (char *)"--policy",
		(char *)options->policy, (char *)"--state-dir", (char *)options->state_directory,
		(char *)"--runtime-dir", (char *)options->runtime_directory, (char *)"--log-dir",
		(char *)options->log_directory, (char *)(options->is_verbose ? "--verbose" : NULL),
		NULL};

	(void)snprintf(path, sizeof(path), "%s/holdfast-engine", options->libexec_directory);
	(void)execv(path, arguments); /* returns on failure only */
	log_error("cannot run '%s': %m", path);
	_exit(EXIT_FAILURE);
}

static void exec_sensor(const struct supervisor_options *options, const char *last)
{
	char path[PATH_MAX];
	char *const arguments[] = {(char *)"holdfast-sensor", (char *)"--pin-dir",
		(char *)options->pin_directory, (char *)"--user", (char *)options->sensor_user,
		(char *)"--policy", (char *)options->policy, (char *)"--state-dir",
		(char *)options->state_directory, (char *)"--runtime-dir",
		(char *)options->runtime_directory, (char *)"--log-dir",
		(char *)options->log_directory, (char *)last, NULL};

	(void)snprintf(path, sizeof(path), "%s/holdfast-sensor", options->libexec_directory);
	(void)execv(path, arguments); /* returns on failure only */
	log_error("cannot run '%s': %m", path);
	_exit(EXIT_FAILURE);
}

static int socket_pair(int ret_fds[2])
{
	int size = CHANNEL_SEND_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) /* refused, frames wait in our own queue */
		(void)setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return 0;
}

int children_start(const struct supervisor_options *options, uid_t engine_uid, gid_t engine_gid,
	struct children *ret_children)
{
	struct children children = {.engine_fd = -EBADF};
	int peers[2] = {-EBADF, -EBADF}, own[2] = {-EBADF, -EBADF};
	int r;

	r = socket_pair(peers);
	if (r < 0)
		return r;
	r = socket_pair(own);
	if (r < 0)
		goto out;
	children.engine = fork();
	if (children.engine == 0) {
		signals_default();
		place_fds(peers[0], own[1]);
		become(engine_uid, engine_gid);
		exec_engine(options);
	}
	children.sensor = children.engine < 0 ? -1 : fork();
	if (children.sensor == 0) {
		signals_default();
		place_fds(peers[1], -1);
		exec_sensor(options, options->is_verbose ? "--verbose" : NULL);
	}
	children.engine_fd = take_fd(own[0]);
	if (children.engine < 0 || children.sensor < 0) {
		r = -EAGAIN;
		children_stop(&children);
		goto out;
	}
	*ret_children = children;
out:
	for (int i = 0; i < 2; i++) {
		if (peers[i] >= 0)
			(void)close(peers[i]); /* the children have theirs */
		if (own[i] >= 0)
			(void)close(own[i]); /* likewise */
	}
	return r;
}

/* True when the child is gone. */
static bool reap(pid_t *child)
{
	if (*child > 0 && waitpid(*child, NULL, WNOHANG) == *child)
		*child = 0;
	return *child <= 0;
}

void children_stop(struct children *children)
{
	const struct timespec pause = {.tv_nsec = STOP_WAIT_NS};

	if (children->engine_fd >= 0)
		(void)close(children->engine_fd); /* this is the message */
	children->engine_fd = -EBADF;
	for (int i = 0; i < STOP_TRIES; i++) {
		bool is_gone = reap(&children->engine);

		if (reap(&children->sensor) && is_gone)
			return;
		(void)nanosleep(&pause, NULL); /* a signal shortens it: one try more */
	}
	if (children->engine > 0)
		(void)kill(children->engine, SIGKILL); /* ours, not reaped: can't be another's id */
	if (children->sensor > 0)
		(void)kill(children->sensor, SIGKILL); /* likewise */
	if (children->engine > 0)
		(void)waitpid(children->engine, NULL, 0); /* killed */
	if (children->sensor > 0)
		(void)waitpid(children->sensor, NULL, 0); /* killed */
	children->engine = children->sensor = 0;
}

int children_release(const struct supervisor_options *options)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		exec_sensor(options, "--release");
	if (child < 0 || waitpid(child, &status, 0) != child)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
