/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's event log (agent/engine/event_log.h) read from a sequence on, as it grows and is
 * rotated. The engine knows nothing of it: log and spool are both files, so either process can die.
 */
#ifndef HOLDFAST_AGENT_UPLINK_LOG_READER_H
#define HOLDFAST_AGENT_UPLINK_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define LOG_READER_NAME	       "events.jsonl"
#define LOG_READER_GENERATIONS 16    /* files looked for: NAME, NAME.1 ... */
#define LOG_READER_LINE_MAX    32768 /* bytes; a longer line is skipped */

struct log_reader;

struct log_line {
	const char *text; /* with its newline; borrowed until the next call */
	size_t size;
	uint64_t sequence;
	bool is_alert; /* severity high or above */
};

/* 0 or negative errno. Nothing need be there yet. Caller frees. */
int log_reader_open(const char *directory, struct log_reader **ret_reader);
void log_reader_free(struct log_reader *reader);
CLEANUP_DEFINE(struct log_reader, log_reader_free)

/* From now on only lines of that sequence and above. */
void log_reader_seek(struct log_reader *reader, uint64_t sequence);
/* Readable when the log has changed since log_reader_heard(); -EBADF when the system watches no more. */
int log_reader_fd(const struct log_reader *reader);
/* To be called before reading on, so that no change is missed. */
void log_reader_heard(struct log_reader *reader);
/* 1 with a line; 0: none now; negative errno. */
int log_reader_next(struct log_reader *reader, struct log_line *ret_line);
/*
 * Brings to the disk what was read: so what a power cut takes from the log never was passed on, and
 * the engine does not give its numbers away again.
 */
int log_reader_sync(struct log_reader *reader);
/* Lines that were no events. */
uint64_t log_reader_skipped(const struct log_reader *reader);

#endif
