/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and ending the two processes: engine as its user from its first instruction on. */
#ifndef HOLDFAST_AGENT_SUPERVISOR_CHILDREN_H
#define HOLDFAST_AGENT_SUPERVISOR_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct supervisor_options {
	const char *policy;
	const char *state_directory;
	const char *runtime_directory;
	const char *log_directory;
	const char *pin_directory;
	const char *libexec_directory;
	const char *engine_user;
	const char *sensor_user;
	int is_verbose;
};

struct children {
	pid_t engine, sensor; /* 0 = not running */
	int engine_fd;	      /* socket to the engine, own; -EBADF */
};

/* 0 or negative errno, in which case none of them runs. */
int children_start(const struct supervisor_options *options, uid_t engine_uid, gid_t engine_gid,
	struct children *ret_children);
/* Closes the engine's socket, on which both end; kills what is left after a while. */
void children_stop(struct children *children);
/* Runs holdfast-sensor --release and waits. Exit status for main. */
int children_release(const struct supervisor_options *options);

#endif
