/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys of labels are here, by label, for status and doctor; no byte of any. */
#ifndef HOLDFAST_AGENT_CLI_LABEL_KEYS_H
#define HOLDFAST_AGENT_CLI_LABEL_KEYS_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* Of the engine's status; prints nothing when the policy needs none. */
void label_keys_print(struct json_object *status);
/* Whether one that is needed is not here, or they lie where the swap may take them. */
bool label_keys_have_trouble(struct json_object *status);

#endif
