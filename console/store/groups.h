/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For whom a policy is, in words with spaces between: "TAG" = devices with that tag, "device:UID" = one
 * device, "user:NAME" = devices that are assigned to that user. "" = all. In the database each is a
 * tag of the devices that it means: one rule finds a device's policy (distribution.h). A tag that an
 * administrator gives has no colon.
 */
#ifndef HOLDFAST_CONSOLE_STORE_GROUPS_H
#define HOLDFAST_CONSOLE_STORE_GROUPS_H

#include "console/store/store.h"

#define GROUPS_TAGS_SIZE (STORE_TAGS_MAX * STORE_TAG_SIZE) /* all tags of a device as one text */
#define GROUPS_DEVICE	 "device:"
#define GROUPS_USER	 "user:"

/* A name that "user:" can stand before: no space, nothing that acts, short enough. */
bool groups_is_user(const char *name);

/* How devices are named in groups; also the uid or host name of one that there is just one of. */
int groups_find_device(struct store *store, const char *name, struct store_device *ret_device);

/*
 * As they are kept: devices by uid. With is_writing the devices that are named get their tag, in
 * the caller's transaction. 0; -EINVAL no group, -ENOENT no such device, -ENOTUNIQ more than one
 * of that name: ret_groups is then the word; -ENAMETOOLONG; -E2BIG a device has too many tags.
 */
int groups_resolve(
	struct store *store, const char *text, bool is_writing, char ret_groups[STORE_TEXT_SIZE]);

/* Whether a device with these tags is of the groups. */
bool groups_match(const char *groups, const char *tags);

/* The tags that administrators gave it, and the users that it is assigned to. */
void groups_split(
	const char *tags, char ret_tags[GROUPS_TAGS_SIZE], char ret_users[GROUPS_TAGS_SIZE]);

#endif
