/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the objects that json-c made. */
#include "common/json.h"

#include <json-c/json.h>
#include <string.h>

struct json_object *json_at(struct json_object *object, const char *path)
{
	char key[64];

	while (object && *path) {
		size_t size = strcspn(path, ".");

		if (size >= sizeof(key))
			return NULL;
		memcpy(key, path, size);
		key[size] = '\0';
		if (!json_object_is_type(object, json_type_object) ||
			!json_object_object_get_ex(object, key, &object))
			return NULL;
		path += size + (path[size] == '.');
	}
	return object;
}

const char *json_text(struct json_object *object, const char *path)
{
	struct json_object *value = json_at(object, path);

	return value ? json_object_get_string(value) : "";
}

uint64_t json_number(struct json_object *object, const char *path)
{
	struct json_object *value = json_at(object, path);

	return value ? json_object_get_uint64(value) : 0;
}

bool json_true(struct json_object *object, const char *path)
{
	struct json_object *value = json_at(object, path);

	return value && json_object_get_boolean(value);
}
