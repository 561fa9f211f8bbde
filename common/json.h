/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects that others send. Never fails: what is not there is nothing. */
#ifndef HOLDFAST_COMMON_JSON_H
#define HOLDFAST_COMMON_JSON_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

/* Members by path "a.b.c"; NULL, "" or 0 when absent. Borrowed. */
struct json_object *json_at(struct json_object *object, const char *path);
const char *json_text(struct json_object *object, const char *path);
uint64_t json_number(struct json_object *object, const char *path);
bool json_true(struct json_object *object, const char *path);

#endif
