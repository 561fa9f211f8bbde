/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a device is; and which devices a policy would reach, before it is published. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/groups.h"

#define DEVICES_A_TURN 64

/* Its users become those of the text. */
static int assign(struct store *store, int64_t device, const char *before, const char *users)
{
	char copy[GROUPS_TAGS_SIZE], tag[STORE_TAG_SIZE], *rest = NULL;
	int r = 0;

	(void)snprintf(copy, sizeof(copy), "%s", before); /* as long */
	for (char *name = strtok_r(copy, " ", &rest); name && r == 0;
		name = strtok_r(NULL, " ", &rest)) {
		(void)snprintf(tag, sizeof(tag), GROUPS_USER "%s", name); /* was one */
		r = store_tag_remove(store, device, tag);
	}
	(void)snprintf(copy, sizeof(copy), "%s", users); /* as long */
	rest = NULL;
	for (char *name = strtok_r(copy, " ", &rest); name && r == 0;
		name = strtok_r(NULL, " ", &rest)) {
		if (!groups_is_user(name))
			return -EINVAL;
		(void)snprintf(tag, sizeof(tag), GROUPS_USER "%s", name); /* fits */
		r = store_tag_add(store, device, tag);
	}
	return r;
}

static int users_of(struct store *store, int64_t device, char ret_users[GROUPS_TAGS_SIZE])
{
	char tags[GROUPS_TAGS_SIZE], own[GROUPS_TAGS_SIZE];
	int r;

	r = store_tags(store, device, tags, sizeof(tags));
	if (r == 0)
		groups_split(tags, own, ret_users);
	return r;
}

static int write_assignment(
	struct service *service, struct admin_client *client, const struct store_device *device)
{
	char before[GROUPS_TAGS_SIZE] = "", after[GROUPS_TAGS_SIZE] = "", uid[UUID_TEXT_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = "device assign",
		.what = uid,
		.before = before,
		.after = after,
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	uuid_format(device->uid, uid);
	r = store_begin(service->writer);
	if (r == 0)
		r = users_of(service->writer, device->id, before);
	if (r == 0)
		r = assign(service->writer, device->id, before, client->request.text);
	if (r == 0)
		r = users_of(service->writer, device->id, after);
	if (r == 0)
		r = store_notice_add(service->writer, 0);
	return audit_commit(service->writer, r, &act);
}

void admin_device_assign(struct service *service, struct admin_client *client)
{
	struct store_device device;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	r = write_assignment(service, client, &device);
	if (r == -EINVAL)
		admin_end(client, r,
			"a user's name has no space and is at most %zu bytes long; "
			"nothing is changed",
			STORE_TAG_SIZE - sizeof(GROUPS_USER));
	else if (r == -E2BIG)
		admin_end(client, r, "a device has at most %d tags and users; nothing is changed",
			STORE_TAGS_MAX);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	if (r < 0)
		return;
	peer_tell_policies(service);
	admin_end(client, 0, "'%s' is assigned to %s", client->request.device,
		client->request.text[0] ? client->request.text : "nobody");
}

void admin_group_refuse(struct admin_client *client, int error, const char *word)
{
	if (error == -ENOENT)
		admin_end(
			client, error, "'%s': there is no such device; nothing is published", word);
	else if (error == -ENOTUNIQ)
		admin_end(client, error,
			"'%s': more than one device is called so: say which by its uid; nothing is "
			"published",
			word);
	else if (error == -ENAMETOOLONG)
		admin_end(client, error,
			"too many groups for one policy: give the devices a tag; nothing is "
			"published");
	else if (error == -E2BIG)
		admin_end(client, error,
			"a device has at most %d tags and users; nothing is published",
			STORE_TAGS_MAX);
	else if (error == -EINVAL)
		admin_end(client, error,
			"'%s' is no group: a tag is of letters, digits, '.', '_' and '-'", word);
	else
		admin_end(client, error, "nothing is published: %s", strerror(-error));
}

/* The groups stay in the request, as they would be kept. */
void admin_preview_begin(struct service *service, struct admin_client *client)
{
	char groups[STORE_TEXT_SIZE];
	int r;

	r = groups_resolve(service->reader, client->request.text, false, groups);
	if (r < 0)
		admin_group_refuse(client, r, groups);
	else
		memcpy(client->request.text, groups, sizeof(groups));
}

static void say_device(struct service *service, struct admin_client *client,
	const struct store_device *device, uint64_t version)
{
	struct json_object *object = json_object_new_object();
	struct store_receipt receipt = {0};
	char uid[UUID_TEXT_SIZE];

	uuid_format(device->uid, uid);
	(void)store_receipt(service->reader, device->id, &receipt); /* none, then */
	(void)json_object_object_add(object, "uid", json_object_new_string(uid));
	(void)json_object_object_add(object, "host", json_object_new_string(device->host));
	(void)json_object_object_add(object, "has", json_object_new_uint64(receipt.applied));
	(void)json_object_object_add(object, "covered",
		json_object_new_boolean(
			distribution_covers(device->uid, version, client->request.limit)));
	(void)json_object_object_add(
		object, "trusted", json_object_new_boolean(device->state == DEVICE_TRUSTED));
	admin_line(client, object);
}

bool admin_preview(struct service *service, struct admin_client *client)
{
	static struct store_device devices[DEVICES_A_TURN]; /* too large for the stack */
	int count = store_devices(service->reader, client->after, devices, DEVICES_A_TURN);
	char tags[GROUPS_TAGS_SIZE];

	for (int i = 0; i < count; i++) {
		client->after = devices[i].id;
		if (devices[i].state == DEVICE_REVOKED ||
			store_tags(service->reader, devices[i].id, tags, sizeof(tags)) < 0 ||
			!groups_match(client->request.text, tags))
			continue;
		say_device(service, client, &devices[i], client->request.number);
	}
	if (count == DEVICES_A_TURN)
		return true;
	admin_end(client, count < 0 ? count : 0, "%s", count < 0 ? strerror(-count) : "");
	return false;
}
