/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/supervisor/companion.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/supervisor/directory.h"
#include "agent/supervisor/process.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/privileges.h"

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 30000
#define STEADY_NS      (60 * CLOCK_SECOND_NS)

void companion_init(struct companion *companion, const struct companion_kind *kind)
{
	*companion = (struct companion){.kind = *kind, .fd = -EBADF, .backoff_ms = BACKOFF_MIN_MS};
}

static void runtime_path(const struct companion *companion,
	const struct supervisor_options *options, char ret_path[PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s/%s", options->runtime_directory,
		companion->kind.runtime ? companion->kind.runtime : "");
}

static int prepare(const struct companion *companion, const struct supervisor_options *options,
	struct child_user *ret_user)
{
	char runtime[PATH_MAX];
	int r;

	r = privileges_find_user(companion->kind.user, &ret_user->uid, &ret_user->gid);
	if (r < 0)
		return r;
	if (companion->kind.state)
		r = directory_make(companion->kind.state, 0700, ret_user);
	if (r < 0 || !companion->kind.runtime)
		return r;
	runtime_path(companion, options, runtime);
	return directory_make(runtime, 0755, ret_user);
}

void companion_prepare(struct companion *companion, const struct supervisor_options *options)
{
	struct child_user user;

	(void)prepare(companion, options, &user); /* told when it is started */
}

static int start(
	struct companion *companion, const struct supervisor_options *options, int engine_fd)
{
	int peers[2] = {-EBADF, -EBADF}, own[2] = {-EBADF, -EBADF};
	struct process_plan plan = {
		.directory = options->libexec_directory, .has_user = true, .group = (gid_t)-1};
	struct child_user user;
	char runtime[PATH_MAX];
	pid_t process;
	int r;

	r = prepare(companion, options, &user);
	if (r < 0)
		return r;
	r = process_sockets(peers);
	if (r == 0)
		r = process_sockets(own);
	if (r < 0)
		goto out;
	runtime_path(companion, options, runtime);
	plan.uid = user.uid;
	plan.gid = user.gid;
	plan.peer_fd = peers[0];
	plan.second_fd = own[1];
	plan.arguments[0] = companion->kind.program;
	plan.arguments[1] = companion->kind.state;
	plan.arguments[2] = companion->kind.runtime ? runtime : NULL;
	plan.arguments[3] = options->is_verbose ? "--verbose" : NULL;
	process = process_start(&plan);
	if (process < 0) {
		r = (int)process;
		goto out;
	}
	companion->process = process;
	companion->fd = take_fd(own[0]);
	r = channel_packet(engine_fd, &companion->kind.letter, 1, peers[1]);
	if (r < 0) /* it ends when the other end of its socket is gone */
		log_error("cannot give the engine the socket of '%s': %s, trying again",
			companion->kind.program, strerror(-r));
out:
	for (int i = 0; i < 2; i++) {
		cleanup_close(&peers[i]);
		cleanup_close(&own[i]);
	}
	return r;
}

static void try_later(struct companion *companion, uint64_t now)
{
	companion->next_ns = now + (uint64_t)companion->backoff_ms * 1000000;
	companion->backoff_ms *= 2;
	if (companion->backoff_ms > BACKOFF_MAX_MS)
		companion->backoff_ms = BACKOFF_MAX_MS;
}

void companion_stop(struct companion *companion)
{
	pid_t none = 0;

	cleanup_close(&companion->fd);
	companion->fd = -EBADF;
	process_end(&companion->process, &none);
}

void companion_tick(
	struct companion *companion, const struct supervisor_options *options, int engine_fd)
{
	uint64_t now = clock_boot_ns();
	int r;

	if (companion->process && process_is_gone(companion->process)) {
		if (now - companion->started_ns > STEADY_NS)
			companion->backoff_ms = BACKOFF_MIN_MS;
		log_warning("'%s' ended, starting it again in %d ms%s", companion->kind.program,
			companion->backoff_ms,
			companion->kind.is_asked_for_anew ? ", if it is needed" : "");
		companion_stop(companion);
		try_later(companion, now);
		if (companion->kind.is_asked_for_anew)
			companion->is_wanted = false;
	}
	if (companion->process || !companion->is_wanted || engine_fd < 0 ||
		now < companion->next_ns)
		return;
	companion->started_ns = now;
	r = start(companion, options, engine_fd);
	if (r == 0)
		return;
	if (!companion->has_complained)
		log_error("cannot start '%s' as user '%s': %s, trying again",
			companion->kind.program, companion->kind.user, strerror(-r));
	companion->has_complained = true;
	companion_stop(companion);
	try_later(companion, now);
}
