/* SPDX-License-Identifier: Apache-2.0 */
/* When to start what; how is children.c's. */
#include "agent/supervisor/reporting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/directory.h"
#include "agent/supervisor/keyring_socket.h"
#include "agent/supervisor/process.h"
#include "agent/ipc/console_files.h"
#include "agent/ipc/wipe.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/privileges.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
#define STEADY_NS      (60 * CLOCK_SECOND_NS)
#define SURVEY_NS      (60 * CLOCK_SECOND_NS) /* how often this machine is looked at */
#define TPM_DEVICE     "/dev/tpmrm0"	      /* the kernel keeps its users' handles apart */

static int users_find(
	const struct supervisor_options *options, struct child_user ret_users[REPORTER_MAX])
{
	int r = privileges_find_user(options->keyring_user, &ret_users[REPORTER_KEYRING].uid,
		&ret_users[REPORTER_KEYRING].gid);

	if (r < 0)
		return r;
	return privileges_find_user(options->uplink_user, &ret_users[REPORTER_UPLINK].uid,
		&ret_users[REPORTER_UPLINK].gid);
}

static int directories_make(const struct supervisor_options *options,
	const struct child_user users[REPORTER_MAX], char ret_runtime[PATH_MAX])
{
	int r;

	(void)snprintf(
		ret_runtime, PATH_MAX, "%s/" CONSOLE_STATUS_DIRECTORY, options->runtime_directory);
	r = directory_make(options->keyring_directory, 0700, &users[REPORTER_KEYRING]);
	if (r == 0)
		r = directory_make(options->uplink_directory, 0755, &users[REPORTER_UPLINK]);
	if (r == 0)
		r = directory_make(ret_runtime, 0755, &users[REPORTER_UPLINK]);
	return r;
}

void reporting_init(struct reporting *reporting, const struct supervisor_options *options)
{
	struct child_user users[REPORTER_MAX];
	char runtime[PATH_MAX];

	*reporting = (struct reporting){.pair = {.fd = -EBADF},
		.vault_fd = -EBADF,
		.wipe_fd = -EBADF,
		.is_wipe_wanted = access(WIPE_DIRECTORY "/" WIPE_JOURNAL, F_OK) == 0,
		.backoff_ms = BACKOFF_MIN_MS};
	if (users_find(options, users) == 0)
		(void)directories_make(options, users, runtime); /* told when they are started */
}

static int start(struct reporting *reporting, const struct supervisor_options *options,
	const struct child_user *engine)
{
	struct reporters_plan plan = {
		.log_group = engine->gid, .engine = engine->uid, .tpm_fd = -EBADF};
	auto_close int listen_fd = -EBADF;
	auto_close int tpm_fd =
		-EBADF; /* the kernel drops what keyring left in it when both are closed */
	char runtime[PATH_MAX];
	int r;

	plan.runtime_directory = runtime;
	r = users_find(options, plan.users);
	if (r < 0) {
		if (!reporting->has_complained)
			log_error("'%s' is there, and users '%s' and '%s' are not: nothing is "
				  "reported to a console",
				options->console, options->keyring_user, options->uplink_user);
		reporting->has_complained = true;
		return r;
	}
	tpm_fd = plan.tpm_fd = open(TPM_DEVICE, O_RDWR | O_CLOEXEC);
	reporting->has_tpm = tpm_fd >= 0;
	listen_fd = plan.listen_fd = keyring_socket_make(options->runtime_directory, engine->gid);
	if (listen_fd < 0)
		log_error("cannot make keyring's socket in '%s': %s, nobody can ask for tickets or "
			  "vaults",
			options->runtime_directory, strerror(-listen_fd));
	r = directories_make(options, plan.users, runtime);
	if (r == 0)
		r = reporters_start(options, &plan, &reporting->pair);
	if (r < 0)
		log_error("cannot start keyring and uplink: %s, trying again", strerror(-r));
	return r;
}

static void try_later(struct reporting *reporting, uint64_t now)
{
	reporting->next_ns = now + (uint64_t)reporting->backoff_ms * 1000000;
	reporting->backoff_ms *= 2;
	if (reporting->backoff_ms > BACKOFF_MAX_MS)
		reporting->backoff_ms = BACKOFF_MAX_MS;
}

/* While they run; what it finds out is uplink's to tell. */
static void survey(
	struct reporting *reporting, const struct supervisor_options *options, uint64_t now)
{
	char runtime[PATH_MAX];

	if (reporting->survey > 0) {
		if (!process_is_gone(reporting->survey))
			return;
		(void)waitpid(reporting->survey, NULL, 0); /* it said itself what went wrong */
		reporting->survey = 0;
	}
	if (!reporting->pair.led ||
		(reporting->survey_ns && now - reporting->survey_ns < SURVEY_NS))
		return;
	reporting->survey_ns = now;
	(void)snprintf(runtime, sizeof(runtime), "%s/" CONSOLE_STATUS_DIRECTORY,
		options->runtime_directory);
	reporting->survey = survey_start(options, runtime);
	if (reporting->survey < 0) {
		log_error("cannot look at this machine: %s, trying again later",
			strerror((int)-reporting->survey));
		reporting->survey = 0;
	}
}

static void vault_stop(struct reporting *reporting)
{
	pid_t none = 0;

	if (reporting->vault_fd >= 0)
		(void)close(reporting->vault_fd); /* this is the message */
	reporting->vault_fd = -EBADF;
	process_end(&reporting->vault, &none);
}

/* Like the pair, and again a second later when it ended. */
static void vault_watch(struct reporting *reporting, const struct supervisor_options *options)
{
	if (reporting->vault > 0 && !process_is_gone(reporting->vault))
		return;
	if (reporting->vault > 0) {
		log_warning("holdfast-vault ended; vaults stay as they are; starting it again");
		vault_stop(reporting);
	}
	if (!reporting->pair.led)
		return;
	reporting->vault = vault_watch_start(options, &reporting->vault_fd);
	if (reporting->vault < 0) {
		log_error("cannot watch over vaults: %s, trying again",
			strerror((int)-reporting->vault));
		reporting->vault = 0;
	}
}

/* Wanted by the engine, or not finished before this start. */
static void wipe_tick(struct reporting *reporting, const struct supervisor_options *options)
{
	if (reporting->wipe > 0 && process_is_gone(reporting->wipe)) {
		cleanup_close(&reporting->wipe_fd);
		reporting->wipe_fd = -EBADF;
		(void)waitpid(reporting->wipe, NULL, 0); /* it said itself what went wrong */
		reporting->wipe = 0;
	}
	if (reporting->wipe || !reporting->pair.led || !reporting->is_wipe_wanted)
		return;
	reporting->is_wipe_wanted =
		false; /* the engine asks again while there is something to be done */
	reporting->wipe = wipe_start(options, &reporting->wipe_fd);
	if (reporting->wipe < 0) {
		log_error("cannot start holdfast-wipe: %s, trying again when the engine asks",
			strerror((int)-reporting->wipe));
		reporting->wipe = 0;
	}
}

void reporting_want_wipe(struct reporting *reporting)
{
	reporting->is_wipe_wanted = true;
}

bool reporting_tick(struct reporting *reporting, const struct supervisor_options *options,
	const struct child_user *engine)
{
	struct pair *pair = &reporting->pair;
	uint64_t now = clock_boot_ns();
	bool has_ended = pair_is_broken(pair);

	if (has_ended) {
		if (now - reporting->started_ns > STEADY_NS)
			reporting->backoff_ms = BACKOFF_MIN_MS;
		log_warning("keyring or uplink ended; events wait; starting both in %d ms",
			reporting->backoff_ms);
		pair_stop(pair);
		try_later(reporting, now);
	}
	if (pair->led && !has_ended && !reporting->has_tpm && access(TPM_DEVICE, F_OK) == 0) {
		log_notice("a TPM is there now: starting keyring and uplink with it");
		pair_stop(pair);
	}
	survey(reporting, options, now);
	vault_watch(reporting, options);
	wipe_tick(reporting, options);
	if (pair->led || now < reporting->next_ns || access(options->console, F_OK) < 0)
		return has_ended;
	reporting->started_ns = now;
	if (start(reporting, options, engine) < 0)
		try_later(reporting, now);
	return has_ended;
}

void reporting_stop(struct reporting *reporting)
{
	cleanup_close(&reporting->wipe_fd); /* this is the message, as below */
	reporting->wipe_fd = -EBADF;
	process_end(&reporting->wipe, &(pid_t){0});
	vault_stop(reporting); /* before keyring, which it asks */
	pair_stop(&reporting->pair);
	if (reporting->survey > 0)
		(void)waitpid(reporting->survey, NULL, 0); /* takes milliseconds */
}
