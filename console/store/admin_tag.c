/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of devices: the groups that policies are for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/groups.h"

/* "+TAG -TAG": -EINVAL for any other word. */
static int change_tags(struct store *store, int64_t device, const char *changes)
{
	char copy[ADMIN_TEXT_SIZE], *rest = NULL;
	int r = 0;

	(void)snprintf(copy, sizeof(copy), "%s", changes); /* as long */
	for (char *word = strtok_r(copy, " ", &rest); word && r == 0;
		word = strtok_r(NULL, " ", &rest)) {
		if ((*word != '+' && *word != '-') || !distribution_is_tag(word + 1))
			return -EINVAL;
		r = *word == '+' ? store_tag_add(store, device, word + 1)
				 : store_tag_remove(store, device, word + 1);
	}
	return r;
}

/* Without those that say whose it is, and that it was named as a group. */
static int own_tags(struct store *store, int64_t device, char ret_tags[GROUPS_TAGS_SIZE])
{
	char all[GROUPS_TAGS_SIZE], users[GROUPS_TAGS_SIZE];
	int r;

	r = store_tags(store, device, all, sizeof(all));
	if (r == 0)
		groups_split(all, ret_tags, users);
	return r;
}

void admin_device_tag(struct service *service, struct admin_client *client)
{
	char what[ADMIN_TEXT_SIZE + UUID_TEXT_SIZE + 2], uid[UUID_TEXT_SIZE];
	char tags[GROUPS_TAGS_SIZE] = "", before[GROUPS_TAGS_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = "device tag",
		.what = what,
		.before = before,
		.after = tags,
		.time_ms = (int64_t)clock_day_ms()};
	struct store_device device;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	uuid_format(device.uid, uid);
	(void)snprintf(what, sizeof(what), "%s %s", uid, client->request.text);
	r = store_begin(service->writer);
	if (r == 0)
		r = own_tags(service->writer, device.id, before);
	if (r == 0)
		r = change_tags(service->writer, device.id, client->request.text);
	if (r == 0)
		r = own_tags(service->writer, device.id, tags);
	if (r == 0)
		r = store_notice_add(service->writer, 0);
	r = audit_commit(service->writer, r, &act);
	if (r == -EINVAL)
		admin_end(client, r,
			"a tag is of letters, digits, '.', '_' and '-', with + or - before it; "
			"nothing is changed");
	else if (r == -E2BIG)
		admin_end(client, r, "a device has at most %d tags; nothing is changed",
			STORE_TAGS_MAX);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	if (r < 0)
		return;
	peer_tell_policies(service);
	admin_end(client, 0, "'%s' has %s%.800s", client->request.device,
		tags[0] ? "the tags " : "no tags", tags);
}
