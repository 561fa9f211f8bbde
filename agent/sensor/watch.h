/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories in which a change can change what the policy's paths mean. Says only that something
 * changed; who asked for watches looks again at all of it.
 */
#ifndef HOLDFAST_AGENT_SENSOR_WATCH_H
#define HOLDFAST_AGENT_SENSOR_WATCH_H

#include <stdbool.h>

#define WATCH_MAX 8192 /* directories */

struct watch;

/* NULL without inotify. The caller frees. */
struct watch *watch_new(void);
void watch_free(struct watch *watch);
int watch_fd(const struct watch *watch);
/* Idempotent. -ENOSPC past WATCH_MAX. */
int watch_add(struct watch *watch, const char *directory);
/* Reads what there is; true when anything changed. */
bool watch_drain(struct watch *watch);
unsigned int watch_count(const struct watch *watch);

#endif
