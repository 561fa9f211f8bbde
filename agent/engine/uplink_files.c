/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/uplink_files.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/ipc/console_files.h"
#include "common/cleanup.h"

#define OBJECT_MAX   4096 /* bytes */
#define OBJECT_DEPTH 2	  /* members that are no objects themselves */

_Static_assert(CONSOLE_STATUS_MAX <= OBJECT_MAX && SURVEY_MAX <= OBJECT_MAX, "each fits");

struct json_object *runtime_object_read(const struct engine *engine, const char *name)
{
	char path[PATH_MAX], text[OBJECT_MAX];
	struct json_tokener *parser;
	struct json_object *object;
	auto_close int fd = -EBADF;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "%s/%s", engine->runtime_directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text));
	parser = got > 0 ? json_tokener_new_ex(OBJECT_DEPTH) : NULL;
	if (!parser)
		return NULL;
	object = json_tokener_parse_ex(parser, text, (int)got);
	json_tokener_free(parser);
	if (json_object_is_type(object, json_type_object))
		return object;
	(void)json_object_put(object); /* freed */
	return NULL;
}

struct json_object *uplink_object_read(const struct engine *engine, const char *name)
{
	char inside[NAME_MAX];

	(void)snprintf(inside, sizeof(inside), CONSOLE_STATUS_DIRECTORY "/%s", name);
	return runtime_object_read(engine, inside);
}

bool uplink_path(const struct engine *engine, const char *name, char ret_path[PATH_MAX])
{
	const char *end = engine->bundle_path ? strrchr(engine->bundle_path, '/') : NULL;

	return end && snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)(end - engine->bundle_path),
			      engine->bundle_path, name) < PATH_MAX;
}
