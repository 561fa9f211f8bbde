/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way in which processes log: a line to standard error with a priority prefix that
 * systemd understands (sd-daemon(3)). common/ and policy/ never call it.
 */
#ifndef HOLDFAST_COMMON_LOG_H
#define HOLDFAST_COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define LOG_LINE_MAX 2048 /* longer lines are cut */

/* name: of the process, borrowed for good. Debug lines are dropped unless is_verbose. */
void log_open(const char *name, bool is_verbose);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A broken peer or own framing: logs and exits with status 1; the supervisor starts us again. */
noreturn void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what an outsider can trigger: whether a line may be written now. At most burst a minute. */
struct log_limit {
	uint64_t window_ns;
	unsigned int used;
	unsigned int burst;
};
bool log_allowed(struct log_limit *limit);

#endif
