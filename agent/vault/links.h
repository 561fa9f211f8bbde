/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a tree that have more names than one, by inode: how many were met, and where the copy is. */
#ifndef HOLDFAST_AGENT_VAULT_LINKS_H
#define HOLDFAST_AGENT_VAULT_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

#define LINKS_MAX 1000000 /* such files in one tree */

struct link_entry {
	ino_t inode;
	nlink_t names; /* that it has */
	nlink_t met;   /* of those, in the tree */
	char *first;   /* path of the first that was met */
	char *copied;  /* of the copy's first name; NULL = none yet. Ours. */
};

struct links {
	void *root; /* tsearch(3) */
	size_t count;
};

/* The file's entry, made when it is new; NULL without memory or past the maximum. Borrowed. */
struct link_entry *links_entry(struct links *links, const struct stat *status, const char *path);
/* The first with names that were not met; NULL when there is none. Borrowed. */
const struct link_entry *links_incomplete(const struct links *links);
void links_clear(struct links *links);

#endif
