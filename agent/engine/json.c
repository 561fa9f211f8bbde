/* SPDX-License-Identifier: Apache-2.0 */
/* json-c's calls with what we always want of them. */
#include "agent/engine/json.h"

#include <json-c/json.h>
#include <string.h>

#include "policy/lines.h"

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	(void)json_object_object_add(object, key, value); /* no memory: a member is missing */
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	char copy[JSON_TEXT_MAX];

	if (!text)
		return;
	if (size >= sizeof(copy))
		size = sizeof(copy) - 1;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!policy_text_is_utf8(copy, size))
		for (size_t i = 0; i < size; i++)
			if ((unsigned char)copy[i] >= 0x80)
				copy[i] = '?';
	json_add(object, key, json_object_new_string_len(copy, (int)size));
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_add(object, key, json_object_new_uint64(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, json_object_new_boolean(value));
}
