/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes, as whom, with which arguments and sockets. */
#include "agent/supervisor/children.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/ipc/console_files.h"
#include "agent/supervisor/process.h"
#include "common/cleanup.h"

static void sockets_close(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]); /* the children have theirs */
}

static pid_t engine_start(const struct supervisor_options *options, const struct child_user *user,
	int peer_fd, int supervisor_fd)
{
	char bundle[PATH_MAX];
	const struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-engine", "--bundle", bundle, "--policy", options->policy,
			"--state-dir", options->state_directory, "--runtime-dir",
			options->runtime_directory, "--log-dir", options->log_directory,
			options->is_verbose ? "--verbose" : NULL},
		.peer_fd = peer_fd,
		.supervisor_fd = supervisor_fd,
		.has_user = true,
		.uid = user->uid,
		.gid = user->gid,
		.group = (gid_t)-1,
	};

	(void)snprintf(bundle, sizeof(bundle), "%s/" BUNDLE_FILE, options->uplink_directory);
	return process_start(&plan);
}

static pid_t sensor_start(const struct supervisor_options *options, int peer_fd, const char *last)
{
	const struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-sensor", "--pin-dir", options->pin_directory, "--user",
			options->sensor_user, "--policy", options->policy, "--state-dir",
			options->state_directory, "--runtime-dir", options->runtime_directory,
			"--log-dir", options->log_directory, "--keyring-dir",
			options->keyring_directory, "--uplink-dir", options->uplink_directory,
			last},
		.peer_fd = peer_fd,
		.supervisor_fd = -EBADF,
	};

	return process_start(&plan);
}

int children_start(const struct supervisor_options *options, const struct child_user *engine,
	struct children *ret_children)
{
	struct children children = {.engine_fd = -EBADF};
	int peers[2] = {-EBADF, -EBADF}, own[2] = {-EBADF, -EBADF};
	int r;

	r = process_sockets(peers);
	if (r == 0)
		r = process_sockets(own);
	if (r < 0)
		goto out;
	children.engine = engine_start(options, engine, peers[0], own[1]);
	children.sensor = children.engine < 0 ? -1
					      : sensor_start(options, peers[1],
							options->is_verbose ? "--verbose" : NULL);
	children.engine_fd = take_fd(own[0]);
	if (children.engine < 0 || children.sensor < 0) {
		r = -EAGAIN;
		children_stop(&children);
		goto out;
	}
	*ret_children = children;
out:
	sockets_close(peers);
	sockets_close(own);
	return r;
}

void children_stop(struct children *children)
{
	if (children->engine_fd >= 0)
		(void)close(children->engine_fd); /* this is the message */
	children->engine_fd = -EBADF;
	process_end(&children->engine, &children->sensor);
}

int children_release(const struct supervisor_options *options)
{
	pid_t child = sensor_start(options, -EBADF, "--release");
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static pid_t keyring_start(
	const struct supervisor_options *options, const struct child_user *user, int peer_fd)
{
	const struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-keyring", options->keyring_directory,
			options->is_verbose ? "--verbose" : NULL},
		.peer_fd = peer_fd,
		.supervisor_fd = -EBADF,
		.has_user = true,
		.uid = user->uid,
		.gid = user->gid,
		.group = (gid_t)-1,
		.may_lock_memory = true,
	};

	return process_start(&plan);
}

static pid_t uplink_start(const struct supervisor_options *options, const struct child_user *user,
	gid_t log_group, const char *runtime_directory, const int fds[2])
{
	const struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-uplink", "--config", options->console, "--state-dir",
			options->uplink_directory, "--runtime-dir", runtime_directory, "--log-dir",
			options->log_directory, options->is_verbose ? "--verbose" : NULL},
		.peer_fd = fds[0],
		.supervisor_fd = fds[1],
		.has_user = true,
		.uid = user->uid,
		.gid = user->gid,
		.group = log_group,
	};

	return process_start(&plan);
}

int reporters_start(const struct supervisor_options *options,
	const struct child_user users[REPORTER_MAX], gid_t log_group, const char *runtime_directory,
	struct reporters *ret_reporters)
{
	struct reporters reporters = {.uplink_fd = -EBADF};
	int peers[2] = {-EBADF, -EBADF}, own[2] = {-EBADF, -EBADF};
	int r;

	r = process_sockets(peers);
	if (r == 0)
		r = process_sockets(own);
	if (r < 0)
		goto out;
	reporters.keyring = keyring_start(options, &users[REPORTER_KEYRING], peers[0]);
	reporters.uplink = reporters.keyring < 0
				   ? -1
				   : uplink_start(options, &users[REPORTER_UPLINK], log_group,
					     runtime_directory, (const int[2]){peers[1], own[1]});
	reporters.uplink_fd = take_fd(own[0]);
	if (reporters.keyring < 0 || reporters.uplink < 0) {
		r = -EAGAIN;
		reporters_stop(&reporters);
		goto out;
	}
	*ret_reporters = reporters;
out:
	sockets_close(peers);
	sockets_close(own);
	return r;
}

void reporters_stop(struct reporters *reporters)
{
	if (reporters->uplink_fd >= 0)
		(void)close(
			reporters->uplink_fd); /* uplink ends on it, and keyring when uplink has */
	reporters->uplink_fd = -EBADF;
	process_end(&reporters->uplink, &reporters->keyring);
}
