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

/* With a socket between the two, and one from the led one to us. */
static int pair_start(struct process_plan *led, struct process_plan *other, struct pair *ret_pair)
{
	struct pair pair = {.fd = -EBADF};
	int peers[2] = {-EBADF, -EBADF}, own[2] = {-EBADF, -EBADF};
	int r;

	r = process_sockets(peers);
	if (r == 0)
		r = process_sockets(own);
	if (r < 0)
		goto out;
	led->peer_fd = peers[0];
	led->second_fd = own[1];
	other->peer_fd = peers[1];
	pair.led = process_start(led);
	pair.other = pair.led < 0 ? -1 : process_start(other);
	pair.fd = take_fd(own[0]);
	if (pair.led < 0 || pair.other < 0) {
		r = -EAGAIN;
		pair_stop(&pair);
		goto out;
	}
	*ret_pair = pair;
out:
	sockets_close(peers);
	sockets_close(own);
	return r;
}

void pair_stop(struct pair *pair)
{
	if (pair->fd >= 0)
		(void)close(pair->fd); /* this is the message */
	pair->fd = -EBADF;
	process_end(&pair->led, &pair->other);
}

bool pair_is_broken(const struct pair *pair)
{
	return pair->led > 0 && (process_is_gone(pair->led) || process_is_gone(pair->other));
}

static struct process_plan sensor_plan(const struct supervisor_options *options, const char *last)
{
	return (struct process_plan){
		.directory = options->libexec_directory,
		.arguments = {"holdfast-sensor", "--pin-dir", options->pin_directory, "--user",
			options->sensor_user, "--policy", options->policy, "--state-dir",
			options->state_directory, "--runtime-dir", options->runtime_directory,
			"--log-dir", options->log_directory, "--keyring-dir",
			options->keyring_directory, "--uplink-dir", options->uplink_directory,
			"--verify-dir", options->verify_directory, last},
		.peer_fd = -EBADF,
		.second_fd = -EBADF,
	};
}

int children_start(const struct supervisor_options *options, const struct child_user *engine,
	struct pair *ret_pair)
{
	const char *verbose = options->is_verbose ? "--verbose" : NULL;
	struct process_plan sensor = sensor_plan(options, verbose);
	char bundle[PATH_MAX];
	struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-engine", "--bundle", bundle, "--console", options->console,
			"--policy", options->policy, "--state-dir", options->state_directory,
			"--runtime-dir", options->runtime_directory, "--log-dir",
			options->log_directory, verbose},
		.has_user = true,
		.uid = engine->uid,
		.gid = engine->gid,
		.group = (gid_t)-1,
	};

	(void)snprintf(bundle, sizeof(bundle), "%s/" BUNDLE_FILE, options->uplink_directory);
	return pair_start(&plan, &sensor, ret_pair);
}

int children_release(const struct supervisor_options *options)
{
	const struct process_plan plan = sensor_plan(options, "--release");
	pid_t child = process_start(&plan);
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

pid_t survey_start(const struct supervisor_options *options, const char *runtime_directory)
{
	const struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-survey", options->uplink_user, runtime_directory},
		.peer_fd = -EBADF,
		.second_fd = -EBADF,
	};

	return process_start(&plan);
}

/* With a socket to us at its descriptor 3, whose end tells it to stop. */
static pid_t start_held(struct process_plan *plan, int *ret_fd)
{
	int own[2] = {-EBADF, -EBADF};
	pid_t child;
	int r;

	r = process_sockets(own);
	if (r < 0)
		return r;
	plan->peer_fd = own[1];
	child = process_start(plan);
	if (child > 0)
		*ret_fd = take_fd(own[0]);
	sockets_close(own);
	return child;
}

pid_t vault_watch_start(const struct supervisor_options *options, int *ret_fd)
{
	struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-vault", "--runtime-dir", options->runtime_directory,
			"watch"},
		.second_fd = -EBADF,
	};

	return start_held(&plan, ret_fd);
}

pid_t wipe_start(const struct supervisor_options *options, int *ret_fd)
{
	struct process_plan plan = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-wipe", "--runtime-dir", options->runtime_directory,
			"--uplink-dir", options->uplink_directory},
		.second_fd = -EBADF,
	};

	return start_held(&plan, ret_fd);
}

int reporters_start(const struct supervisor_options *options, const struct reporters_plan *plan,
	struct pair *ret_pair)
{
	const char *verbose = options->is_verbose ? "--verbose" : NULL;
	char engine[16];
	struct process_plan keyring = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-keyring", options->keyring_directory, "--config",
			options->console, "--engine-uid", engine, verbose},
		.second_fd = plan->tpm_fd,
		.third_fd = plan->listen_fd,
		.has_user = true,
		.uid = plan->users[REPORTER_KEYRING].uid,
		.gid = plan->users[REPORTER_KEYRING].gid,
		.group = (gid_t)-1,
		.may_lock_memory = true,
	};
	struct process_plan uplink = {
		.directory = options->libexec_directory,
		.arguments = {"holdfast-uplink", "--config", options->console, "--state-dir",
			options->uplink_directory, "--runtime-dir", plan->runtime_directory,
			"--log-dir", options->log_directory, verbose},
		.has_user = true,
		.uid = plan->users[REPORTER_UPLINK].uid,
		.gid = plan->users[REPORTER_UPLINK].gid,
		.group = plan->log_group,
	};

	(void)snprintf(engine, sizeof(engine), "%u", plan->engine);
	return pair_start(&uplink, &keyring, ret_pair);
}
