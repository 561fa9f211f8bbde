/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vault/links.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int by_inode(const void *a, const void *b)
{
	const struct link_entry *one = a, *other = b;

	return one->inode < other->inode ? -1 : one->inode > other->inode;
}

static void entry_free(void *where)
{
	struct link_entry *entry = where;

	free(entry->first);
	free(entry->copied);
	free(entry);
}

struct link_entry *links_entry(struct links *links, const struct stat *status, const char *path)
{
	const struct link_entry wanted = {.inode = status->st_ino};
	struct link_entry *entry, **found = tfind(&wanted, &links->root, by_inode);

	if (found)
		return *found;
	if (links->count == LINKS_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->inode = status->st_ino;
	entry->names = status->st_nlink;
	entry->first = strdup(path);
	if (!entry->first || !tsearch(entry, &links->root, by_inode)) {
		entry_free(entry);
		return NULL;
	}
	links->count++;
	return entry;
}

static void look(const void *node, VISIT visit, void *userdata)
{
	const struct link_entry *entry = *(const struct link_entry *const *)node;
	const struct link_entry **found = userdata;

	if ((visit == postorder || visit == leaf) && !*found && entry->met < entry->names)
		*found = entry;
}

const struct link_entry *links_incomplete(const struct links *links)
{
	const struct link_entry *found = NULL;

	twalk_r(links->root, look, &found);
	return found;
}

void links_clear(struct links *links)
{
	tdestroy(links->root, entry_free);
	*links = (struct links){0};
}
