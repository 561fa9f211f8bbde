/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects. Without memory a member is missing; nothing fails. */
#ifndef HOLDFAST_AGENT_ENGINE_JSON_H
#define HOLDFAST_AGENT_ENGINE_JSON_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

#define JSON_TEXT_MAX 4096 /* bytes of one text; longer ones are cut */

/* Takes over value. */
void json_add(struct json_object *object, const char *key, struct json_object *value);
/* File names are any bytes, JSON is UTF-8: what is not becomes '?'. NULL adds nothing. */
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);

#endif
