/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this device is trusted, in a person's words. */
#ifndef HOLDFAST_AGENT_CLI_TRUST_H
#define HOLDFAST_AGENT_CLI_TRUST_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* A section, of the status that the engine answered; nothing where nothing hangs on trust. */
void trust_print(struct json_object *status);
/* Whether labelled files are shut for want of it. */
bool trust_has_trouble(struct json_object *status);

/* What is required of this machine, and what is known of it. */
void trust_print_machine(struct json_object *status);

#endif
