/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/store/distribution.h"

static const char *behind(const char *word, const char *prefix)
{
	size_t size = strlen(prefix);

	return strncmp(word, prefix, size) ? NULL : word + size;
}

bool groups_is_user(const char *name)
{
	size_t size = strlen(name);

	for (const char *at = name; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return false;
	return size && size + strlen(GROUPS_USER) < STORE_TAG_SIZE;
}

int groups_find_device(struct store *store, const char *name, struct store_device *ret_device)
{
	static struct store_device named[2]; /* too large for the stack */
	uint8_t uid[CONSOLE_UID_SIZE];
	int r;

	if (uuid_parse(name, uid) == 0)
		return store_device_by_uid(store, uid, ret_device);
	r = store_devices_named(store, name, named, 2);
	if (r < 0)
		return r;
	if (r > 1)
		return -ENOTUNIQ;
	if (r == 1)
		*ret_device = named[0];
	return r == 1 ? 0 : -ENOENT;
}

/* One word as it is kept. */
static int resolve(
	struct store *store, const char *word, bool is_writing, char *ret_word, size_t size)
{
	static struct store_device device; /* too large for the stack */
	const char *name = behind(word, GROUPS_DEVICE);
	char uid[UUID_TEXT_SIZE];
	int r;

	if (!name) {
		name = behind(word, GROUPS_USER);
		if (name ? !groups_is_user(name) : !distribution_is_tag(word))
			return -EINVAL;
		(void)snprintf(ret_word, size, "%s", word); /* as long */
		return 0;
	}
	r = groups_find_device(store, name, &device);
	if (r < 0)
		return r;
	uuid_format(device.uid, uid);
	(void)snprintf(ret_word, size, GROUPS_DEVICE "%s", uid); /* fits */
	return is_writing ? store_tag_add(store, device.id, ret_word) : 0;
}

int groups_resolve(
	struct store *store, const char *text, bool is_writing, char ret_groups[STORE_TEXT_SIZE])
{
	char copy[STORE_TEXT_SIZE], kept[STORE_TEXT_SIZE], *rest = NULL;
	size_t used = 0;

	if (strlen(text) >= sizeof(copy))
		return -ENAMETOOLONG;
	(void)strcpy(copy, text); /* fits */
	ret_groups[0] = '\0';
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		int r = resolve(store, word, is_writing, kept, sizeof(kept));
		size_t room = STORE_TEXT_SIZE - used;

		if (r < 0) {
			(void)snprintf(ret_groups, STORE_TEXT_SIZE, "%s", word); /* as long */
			return r;
		}
		if ((size_t)snprintf(ret_groups + used, room, "%s%s", used ? " " : "", kept) >=
			room)
			return -ENAMETOOLONG;
		used += strlen(ret_groups + used);
	}
	return 0;
}

static bool has_word(const char *words, const char *word, size_t size)
{
	for (const char *at = words; (at = strstr(at, word)) != NULL; at++)
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
			return true;
	return false;
}

bool groups_match(const char *groups, const char *tags)
{
	char copy[STORE_TEXT_SIZE], *rest = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", groups); /* as long */
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (has_word(tags, word, strlen(word)))
			return true;
	return !groups[strspn(groups, " ")];
}

static void append(char *text, const char *word)
{
	size_t used = strlen(text);

	(void)snprintf(text + used, GROUPS_TAGS_SIZE - used, "%s%s", used ? " " : "", word);
}

void groups_split(
	const char *tags, char ret_tags[GROUPS_TAGS_SIZE], char ret_users[GROUPS_TAGS_SIZE])
{
	char copy[GROUPS_TAGS_SIZE], *rest = NULL;

	ret_tags[0] = ret_users[0] = '\0';
	(void)snprintf(copy, sizeof(copy), "%s", tags); /* as long */
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		const char *user = behind(word, GROUPS_USER);

		if (user)
			append(ret_users, user);
		else if (!behind(word, GROUPS_DEVICE))
			append(ret_tags, word);
	}
}
