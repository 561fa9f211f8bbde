/* SPDX-License-Identifier: Apache-2.0 */
/* Each function makes one object of the schema. */
#include "agent/engine/event_objects.h"

#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/json.h"

#define USER_CACHE_MAX 64

/* Names of users, remembered: asking is slow, and a burst of events has few of them. */
static const char *user_name(uint32_t uid)
{
	static struct {
		bool is_used;
		uint32_t uid;
		char name[64];
	} cache[USER_CACHE_MAX];
	unsigned int slot = uid % USER_CACHE_MAX;
	struct passwd *user;

	if (cache[slot].is_used && cache[slot].uid == uid)
		return cache[slot].name[0] ? cache[slot].name : NULL;
	user = getpwuid(uid);
	cache[slot].is_used = true;
	cache[slot].uid = uid;
	(void)snprintf(cache[slot].name, sizeof(cache[slot].name), "%s", user ? user->pw_name : "");
	return user ? cache[slot].name : NULL;
}

struct json_object *event_user(uint32_t uid)
{
	struct json_object *user = json_object_new_object();
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", uid);
	json_add_text(user, "uid", number);
	json_add_text(user, "name", user_name(uid));
	return user;
}

struct json_object *event_file(const char *path)
{
	struct json_object *file = json_object_new_object();
	const char *name = strrchr(path, '/');

	json_add_text(file, "name", name && name[1] ? name + 1 : path[0] ? path : "unknown");
	if (path[0])
		json_add_text(file, "path", path);
	json_add_number(file, "type_id", 0);
	return file;
}

struct json_object *event_process(uint32_t pid, const char *name)
{
	struct json_object *process = json_object_new_object();

	json_add_number(process, "pid", pid);
	json_add_text(process, "name", name);
	return process;
}

struct json_object *event_endpoint(const struct event_origin *origin)
{
	struct json_object *endpoint = json_object_new_object();

	json_add_text(endpoint, "hostname", origin->hostname);
	return endpoint;
}

struct json_object *event_device(const struct event_origin *origin)
{
	struct json_object *device = event_endpoint(origin);

	json_add_number(device, "type_id", 0);
	if (origin->machine_id[0])
		json_add_text(device, "uid", origin->machine_id);
	json_add_text(device, "boot_uid", origin->boot_id);
	return device;
}

struct json_object *event_product(void)
{
	struct json_object *product = json_object_new_object();

	json_add_text(product, "name", "Holdfast");
	json_add_text(product, "vendor_name", "Holdfast");
	json_add_text(product, "version", HOLDFAST_VERSION);
	return product;
}

struct json_object *event_kernel(
	const struct event_origin *origin, const struct event_numbers *numbers, uint64_t sequence)
{
	struct json_object *kernel = json_object_new_object();

	json_add_text(kernel, "boot", origin->boot_id);
	json_add_number(kernel, "counts", origin->counts_id);
	json_add_number(kernel, "sequence", sequence);
	json_add_number(kernel, "delivered", numbers->delivered);
	json_add_number(kernel, "dropped", numbers->dropped);
	return kernel;
}
