/* SPDX-License-Identifier: Apache-2.0 */
/* What `holdfast status` and `doctor` say of the watermark. */
#ifndef HOLDFAST_AGENT_CLI_WATERMARKS_H
#define HOLDFAST_AGENT_CLI_WATERMARKS_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* status: of the engine. Nothing where the policy has no [watermark]. */
void watermarks_print(struct json_object *status);
/* A display that has an overlay, and not all on it that the policy wants. */
bool watermarks_have_trouble(struct json_object *status);

#endif
