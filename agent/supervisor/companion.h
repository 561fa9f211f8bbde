/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that serves the engine alone, as a user of its own: started when the engine asks for it,
 * again when it ends, and anew with each engine. The engine is given the other end of its socket.
 */
#ifndef HOLDFAST_AGENT_SUPERVISOR_COMPANION_H
#define HOLDFAST_AGENT_SUPERVISOR_COMPANION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/supervisor/children.h"

struct companion_kind {
	const char *program;	/* holdfast-NAME */
	const char *user;	/* its own */
	char letter;		/* by which the engine asks for it, and is given its socket */
	const char *state;	/* directory of its own; NULL = none */
	const char *runtime;	/* directory of its own below the runtime directory; NULL = none */
	bool is_asked_for_anew; /* once it has ended: the engine may have ended it */
};

struct companion {
	struct companion_kind kind;
	pid_t process; /* 0 = not running */
	int fd;	       /* socket to it, own; -EBADF */
	bool is_wanted;
	bool has_complained;
	uint64_t started_ns;
	uint64_t next_ns; /* not started before */
	int backoff_ms;
};

void companion_init(struct companion *companion, const struct companion_kind *kind);
/* Makes its directories, where its user is there: the sensor is to guard them. */
void companion_prepare(struct companion *companion, const struct supervisor_options *options);
/*
 * Called once a second or when a child has ended. engine_fd: of the engine that runs now, -EBADF =
 * none. Starts it when it is wanted.
 */
void companion_tick(
	struct companion *companion, const struct supervisor_options *options, int engine_fd);
/* Ends it; it is started again for the next engine. */
void companion_stop(struct companion *companion);

#endif
