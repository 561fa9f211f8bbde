/* SPDX-License-Identifier: Apache-2.0 */
/* serve's processes: this program again, each with its ends of the sockets between them. */
#ifndef HOLDFAST_CONSOLE_CLI_SERVE_CHILDREN_H
#define HOLDFAST_CONSOLE_CLI_SERVE_CHILDREN_H

#include <stdbool.h>
#include <stdnoreturn.h>

enum child { CHILD_STORE, CHILD_AUTHORITY, CHILD_FRONTEND, CHILD_MAX };

extern const char *const serve_child_names[CHILD_MAX];

/* Ends of the sockets: [0] of who asks, [1] of who answers. */
struct sockets {
	int store[2], authority[2]; /* the frontend's */
	int words[2]; /* the store's to the authority, which the frontend has no end of */
};

/* All borrowed. */
struct serve_child {
	const char *const *listen; /* the frontend's addresses */
	unsigned int listen_count;
	const char *limits; /* the frontend's; NULL = as built */
	bool is_root, is_verbose;
	unsigned int
		ended; /* how often all were started anew, for the store, whom administrators ask, */
	const char *ended_why; /* and why the last time */
	int life_fd;	       /* signs of life are written there */
};

/* After fork(2): runs it. A failure is logged, and ends the process with status 1. */
noreturn void serve_child_exec(
	const struct serve_child *child, enum child which, const struct sockets *sockets);

#endif
