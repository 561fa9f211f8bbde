/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one privileged operation that is brokered: a short-lived process that asks for a proof, as a
 * user that whoever wants it may not become. A table says of each kind which program, as whom.
 */
#ifndef HOLDFAST_AGENT_SUPERVISOR_WORKERS_H
#define HOLDFAST_AGENT_SUPERVISOR_WORKERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/supervisor/children.h"

#define WORKERS_MAX 4 /* at the same time */

struct worker_process {
	pid_t process;	 /* 0 = free */
	uint64_t end_ns; /* killed then */
};

struct workers {
	struct worker_process processes[WORKERS_MAX];
};

/*
 * Takes a request from fd (borrowed), if one is there, and starts what it asks for. 0; -EAGAIN; 0 is also
 * for a request that is refused: who asked sees its socket closed. -EPIPE when the asker is gone.
 */
int workers_serve(struct workers *workers, const struct supervisor_options *options, int fd);
/* Called once a second or when a child has ended. */
void workers_tick(struct workers *workers);
/* Ends all. */
void workers_stop(struct workers *workers);

#endif
