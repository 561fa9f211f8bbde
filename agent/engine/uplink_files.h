/* SPDX-License-Identifier: Apache-2.0 */
/* What uplink and root's commands leave for the engine (agent/ipc/console_files.h): another process wrote it. */
#ifndef HOLDFAST_AGENT_ENGINE_UPLINK_FILES_H
#define HOLDFAST_AGENT_ENGINE_UPLINK_FILES_H

#include <limits.h>
#include <stdbool.h>

struct engine;
struct json_object;

/*
 * An object of plain members, of that name in the runtime directory, or in uplink's below it. NULL when
 * there is none, or without memory; the caller puts.
 */
struct json_object *runtime_object_read(const struct engine *engine, const char *name);
struct json_object *uplink_object_read(const struct engine *engine, const char *name);

/* Where a file of uplink's state directory is: beside the console's policy. False when there is no console. */
bool uplink_path(const struct engine *engine, const char *name, char ret_path[PATH_MAX]);

#endif
