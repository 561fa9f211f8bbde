/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of keyring and uplink, apart from that of engine and sensor: nothing that is enforced
 * waits for the console, and nothing that reaches the network can end what enforces.
 */
#ifndef HOLDFAST_AGENT_SUPERVISOR_REPORTING_H
#define HOLDFAST_AGENT_SUPERVISOR_REPORTING_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/supervisor/children.h"

struct reporting {
	struct pair pair;   /* uplink and keyring */
	pid_t survey;	    /* 0 = none runs */
	uint64_t survey_ns; /* when one was started last */
	pid_t vault;	    /* watches over vaults, while keyring runs; 0 = it does not */
	int vault_fd;	    /* ends with us, and so does it */
	pid_t wipe;	    /* destroys what the console ordered; 0 = it does not run */
	int wipe_fd;	    /* likewise */
	bool is_wipe_wanted;
	uint64_t started_ns;
	uint64_t next_ns; /* not started before */
	int backoff_ms;
	bool has_complained; /* of users that are not there */
	bool has_tpm;	     /* they were started with one */
};

/* Makes their directories as well, where their users are there: the sensor is to guard them. */
void reporting_init(struct reporting *reporting, const struct supervisor_options *options);
/*
 * Called once a second or when a child has ended: starts them when there is a configuration, and again
 * when one of them ended. Whether one has just ended. engine: whose the event log is, and who asks keyring.
 */
bool reporting_tick(struct reporting *reporting, const struct supervisor_options *options,
	const struct child_user *engine);
/* The engine says that there is something to be destroyed; started by the next tick, if it does not run. */
void reporting_want_wipe(struct reporting *reporting);
void reporting_stop(struct reporting *reporting);

#endif
