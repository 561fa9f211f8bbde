/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log: JSON Lines in a bounded number of files, NAME, NAME.1 (younger) to NAME.7.
 * What event_log_append() returned 0 for survives the death of every process: it is with the
 * kernel. event_log_sync() brings it to the disk, at the latest EVENT_LOG_SYNC_NS later: so much
 * a power cut may take. A crash within a write leaves a torn last line, cut off at the next open;
 * where a file can't be cut, EVENT_LOG_TORN ends that line, so that what follows stands on its own
 * and no reader takes the rest for an event, even where only the newline was missing.
 */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_LOG_H
#define HOLDFAST_AGENT_ENGINE_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define EVENT_LOG_NAME	      "events.jsonl"
#define EVENT_LOG_SIZE_MAX    (16 << 20) /* bytes of one file */
#define EVENT_LOG_GENERATIONS 8		 /* files, the current one counted */
#define EVENT_LOG_LINE_MAX    32768	 /* bytes of one event, newline counted */
#define EVENT_LOG_TORN	      "~torn"	 /* at the end of a line: behind JSON it is no JSON */
#define EVENT_LOG_SYNC_NS     200000000ull

struct event_log;

struct event_log_limits { /* zero members mean the values above */
	size_t size_max;
	unsigned int generations;
};

/*
 * Opens or makes the log in directory, after waiting for its last writer. *ret_torn_bytes is what was
 * cut off, or marked. 0 or negative errno. The caller frees.
 */
int event_log_open(const char *directory, const struct event_log_limits *limits,
	struct event_log **ret_log, size_t *ret_torn_bytes);
/* Syncs. Accepts NULL. */
void event_log_free(struct event_log *log);
CLEANUP_DEFINE(struct event_log, event_log_free)

/* Lines, each with its newline; all are in or none. -EMSGSIZE, -ENOSPC ... */
int event_log_append(struct event_log *log, const char *lines, size_t size);
/* Brings to disk what waits for longer than EVENT_LOG_SYNC_NS, or all. */
int event_log_sync(struct event_log *log, bool is_all);

/*
 * Calls visit with the last lines, oldest first, without their newlines, at most size_max bytes of
 * them over all files; a first line that was cut in the middle is left out, and so are torn ones.
 */
int event_log_tail(const struct event_log *log, size_t size_max,
	void (*visit)(const char *line, size_t size, void *userdata), void *userdata);

#endif
