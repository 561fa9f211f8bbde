/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping the files of all browsers as wanted: when to look, and what the engine is told of it. */
#ifndef HOLDFAST_AGENT_BROWSER_WATCH_H
#define HOLDFAST_AGENT_BROWSER_WATCH_H

#include "agent/browser/place.h"

struct watch {
	struct places places;
	const char *root; /* borrowed: for paths in messages */
	int inotify_fd;	  /* own; -EBADF: looked at by the clock only */
	bool has_want;
	struct browser_want want;
	struct browser_state state;
	char rivals[BROWSER_MAX][NAME_MAX + 1]; /* told */
	uint64_t looked_ns,
		pending_ns; /* pending: since when a change waits to be looked at; 0 = none */
};

/* Told when a file is not as it was, or another one says something else. */
typedef void watch_drift_function(const struct browser_drift *drift, void *userdata);

/* Before the system call filter. root "/" but for tests. 0 or negative errno. */
int watch_init(struct watch *watch, const char *root, const char *state_directory);

/*
 * Looks at all of them. True when something was written, or the state is another one: it is to be
 * told. What fails is in the state, and tried again.
 */
bool watch_look(struct watch *watch, watch_drift_function *on_drift, void *userdata);

/* Whether it is time for that: something changed there, or nobody looked for a while. */
bool watch_is_due(struct watch *watch);

#endif
