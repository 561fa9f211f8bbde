/* SPDX-License-Identifier: Apache-2.0 */
/* What `holdfast status` and `doctor` say of browsers. */
#ifndef HOLDFAST_AGENT_CLI_BROWSERS_H
#define HOLDFAST_AGENT_CLI_BROWSERS_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* status: of the engine. Nothing where the policy has no [browser]. */
void browsers_print(struct json_object *status);
bool browsers_have_trouble(struct json_object *status);

#endif
