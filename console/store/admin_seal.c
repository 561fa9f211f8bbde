/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that devices seal to, for administrators. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"

void admin_seal_keys(struct service *service, struct admin_client *client)
{
	const struct seal_keys *keys = &service->seals;

	for (unsigned int i = 0; i < keys->count; i++) {
		struct json_object *object = json_object_new_object();
		char id[2 * HPKE_KEY_ID_SIZE + 1];
		int64_t waiting = 0;
		int r;

		r = seal_keys_waiting(service->reader, &keys->keys[i], &waiting);
		if (r < 0) {
			(void)json_object_put(object); /* freed */
			admin_end(client, r, "the database cannot be read: %s", store_error(r));
			return;
		}
		seal_key_id_format(keys->keys[i].id, id);
		(void)json_object_object_add(object, "id", json_object_new_string(id));
		(void)json_object_object_add(
			object, "made", json_object_new_int64(keys->keys[i].made_ms));
		(void)json_object_object_add(
			object, "replaced", json_object_new_int64(keys->keys[i].replaced_ms));
		(void)json_object_object_add(object, "waiting", json_object_new_int64(waiting));
		admin_line(client, object);
	}
	admin_end(client, 0, "%s", "");
}

void admin_seal_rotate(struct service *service, struct admin_client *client)
{
	int r = seal_keys_rotate(&service->seals, service->writer, service->ingest, client->who,
		(int64_t)clock_day_ms());

	if (r == -ENOSPC)
		admin_end(client, r,
			"there are %d keys already: the oldest has to go first, see seal-key list; "
			"nothing is changed",
			SEAL_KEYS_MAX);
	else if (r == -EAGAIN)
		admin_end(client, r,
			"another console of this database has just made one: see seal-key list; "
			"nothing is changed");
	else if (r < 0)
		admin_end(client, r, "no new key: %s", store_error(r));
	else
		admin_end(client, 0,
			"devices seal to the new key when they have next asked; the earlier one is "
			"kept until nobody can need it. Copy store/seal.key to a safe place again");
}

void admin_seal_destroy(struct service *service, struct admin_client *client)
{
	const char *name = client->request.name;
	uint8_t id[HPKE_KEY_ID_SIZE];
	int64_t waiting = 0;
	int r = -ENOENT;

	if (seal_key_id_parse(name, id))
		r = seal_keys_destroy(&service->seals, service->writer, service->ingest, id,
			client->request.flags & ADMIN_IS_FORCED, client->who,
			(int64_t)clock_day_ms(), &waiting);
	if (r == -ENOENT)
		admin_end(client, r, "there is no seal key '%s': see seal-key list", name);
	else if (r == -EINVAL)
		admin_end(client, r, "'%s' is the key in use: rotate first", name);
	else if (r == -EBUSY)
		admin_end(client, r,
			"%lld devices may hold events sealed to '%s': they are lost with it, and "
			"found (old-key). Revoke the devices, or say --force; nothing is changed",
			(long long)waiting, name);
	else if (r < 0)
		admin_end(client, r, "the key is not destroyed: %s", store_error(r));
	else
		admin_end(client, 0, "the key is destroyed; what is sealed to it can't be read");
}
