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
	const char *verify_directory;
	const char *engine_user;
	const char *sensor_user;
	const char *keyring_user;
	const char *uplink_user;
	const char *scout_user;
	int is_verbose;
};

struct child_user {
	uid_t uid;
	gid_t gid;
};

/* Two processes that are worthless without each other. */
struct pair {
	pid_t led;   /* by us: the engine, uplink; 0 = not running */
	pid_t other; /* the sensor, keyring; ends when the led one has */
	int fd;	     /* socket to the led one, own; -EBADF */
};

/* Engine and sensor. 0 or negative errno, in which case none of them runs. */
int children_start(const struct supervisor_options *options, const struct child_user *engine,
	struct pair *ret_pair);
/* Closes the socket, on which both end; kills what is left after a while. */
void pair_stop(struct pair *pair);
/* Whether one of them has ended. */
bool pair_is_broken(const struct pair *pair);
/* Runs holdfast-sensor --release and waits. Exit status for main. */
int children_release(const struct supervisor_options *options);

enum { REPORTER_KEYRING, REPORTER_UPLINK, REPORTER_MAX };

struct reporters_plan {
	struct child_user users[REPORTER_MAX];
	gid_t log_group;	       /* may read the event log */
	const char *runtime_directory; /* uplink's */
	int tpm_fd;		       /* borrowed; keyring gets it; -EBADF = none */
	int listen_fd;		       /* likewise: its local socket */
	uid_t engine;		       /* who may ask there, beside root */
};

/* Watches over vaults, as root, until the socket at ret_fd is closed. The process id, or negative errno. */
pid_t vault_watch_start(const struct supervisor_options *options, int *ret_fd);
/* holdfast-wipe, as root: ends by itself, or with the socket at ret_fd. The process id, or negative errno. */
pid_t wipe_start(const struct supervisor_options *options, int *ret_fd);
/* holdfast-survey, which ends by itself. Its process id or negative errno. */
pid_t survey_start(const struct supervisor_options *options, const char *runtime_directory);
/* Uplink and keyring; as children_start(). */
int reporters_start(const struct supervisor_options *options, const struct reporters_plan *plan,
	struct pair *ret_pair);

#endif
