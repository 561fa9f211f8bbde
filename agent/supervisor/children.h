/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending the two pairs of processes: engine and sensor, which enforce; keyring and
 * uplink, which report. All but the sensor are their users from the first instruction on.
 */
#ifndef HOLDFAST_AGENT_SUPERVISOR_CHILDREN_H
#define HOLDFAST_AGENT_SUPERVISOR_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct supervisor_options {
	const char *policy;
	const char *console; /* configuration of the reporters; nothing there: none are started */
	const char *state_directory;
	const char *runtime_directory;
	const char *log_directory;
	const char *pin_directory;
	const char *libexec_directory;
	const char *keyring_directory;
	const char *uplink_directory;
	const char *engine_user;
	const char *sensor_user;
	const char *keyring_user;
	const char *uplink_user;
	int is_verbose;
};

struct child_user {
	uid_t uid;
	gid_t gid;
};

struct children {
	pid_t engine, sensor; /* 0 = not running */
	int engine_fd;	      /* socket to the engine, own; -EBADF */
};

/* 0 or negative errno, in which case none of them runs. */
int children_start(const struct supervisor_options *options, const struct child_user *engine,
	struct children *ret_children);
/* Closes the engine's socket, on which both end; kills what is left after a while. */
void children_stop(struct children *children);
/* Runs holdfast-sensor --release and waits. Exit status for main. */
int children_release(const struct supervisor_options *options);

enum { REPORTER_KEYRING, REPORTER_UPLINK, REPORTER_MAX };

struct reporters {
	pid_t keyring, uplink; /* 0 = not running */
	int uplink_fd;	       /* socket to uplink, own; -EBADF */
};

/* log_group may read the event log; runtime_directory is uplink's. 0 or negative errno, with none of them running. */
int reporters_start(const struct supervisor_options *options,
	const struct child_user users[REPORTER_MAX], gid_t log_group, const char *runtime_directory,
	struct reporters *ret_reporters);
/* Closes uplink's socket, on which both end; kills what is left after a while. */
void reporters_stop(struct reporters *reporters);

#endif
