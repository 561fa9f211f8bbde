/* SPDX-License-Identifier: Apache-2.0 */
/* How the device stands with its console, as uplink tells. */
#ifndef HOLDFAST_AGENT_CLI_CONSOLE_H
#define HOLDFAST_AGENT_CLI_CONSOLE_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* What uplink left in its runtime directory (agent/ipc/console_files.h). NULL: nothing. Caller puts. */
struct json_object *console_object(const char *name);
/* NULL: no console is configured, or uplink does not run. Caller puts. */
struct json_object *console_status(void);
/* A section for people. */
void console_print(struct json_object *status);
/* Whether somebody should look: refused, or what could not be kept. */
bool console_has_trouble(struct json_object *status);

#endif
