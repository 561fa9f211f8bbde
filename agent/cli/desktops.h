/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast doctor: captures of the screen, by desktop that is found on this machine. */
#ifndef HOLDFAST_AGENT_CLI_DESKTOPS_H
#define HOLDFAST_AGENT_CLI_DESKTOPS_H

#include <json-c/json_object.h>
#include <stdbool.h>

#define DESKTOPS_METHODS_MAX   64
#define DESKTOPS_WITNESSES_MAX 64

struct desktops {
	struct json_object *methods[DESKTOPS_METHODS_MAX]; /* own */
	unsigned int method_count;
	struct json_object *witnesses[DESKTOPS_WITNESSES_MAX]; /* own */
	unsigned int witness_count;
};

/* A line of doctor's answer of kind screen or witness. Borrowed. */
void desktops_add(struct desktops *desktops, struct json_object *line);
/* The table; with is_json a line for each desktop and method. */
void desktops_print(const struct desktops *desktops, bool is_json);
void desktops_done(struct desktops *desktops);

#endif
