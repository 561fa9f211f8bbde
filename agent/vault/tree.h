/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder's way into a vault: looked through, copied until nothing changes any more, and, once the
 * copy has its place, wiped. Each step may be broken off at any moment and begun again. Which
 * directories these are, encrypted or not, is not known here.
 */
#ifndef HOLDFAST_AGENT_VAULT_TREE_H
#define HOLDFAST_AGENT_VAULT_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/vault/links.h"

#define TREE_DEPTH_MAX 120			/* the kernel part's walk upwards ends at 128 */
#define TREE_GRAVE     "..holdfast-vault-grave" /* in the old tree: what is being wiped */
#define TREE_LATE      ".before-vault" /* behind the name of what was changed in both places */

struct tree {
	int from_fd; /* borrowed, as the next */
	int to_fd;
	/* Something that the person should know of one object, in words; path is below the tree's root. */
	void (*note)(const char *path, const char *words, void *userdata);
	/* Now and then. */
	void (*progress)(const struct tree *tree, void *userdata);
	void *userdata;
	uint64_t settled_ns; /* tree_discard(): what changed in the old tree since is looked at */

	/* counted by each step anew */
	uint64_t objects; /* but directories */
	uint64_t directories;
	uint64_t bytes;
	uint64_t copied;
	uint64_t changed; /* while they were copied: they come in the next round */
	uint64_t removed;
	uint64_t left; /* sockets */

	char path[PATH_MAX]; /* of what is at hand */
	struct links links;
};

/*
 * Looks through the old tree. 0; with a note: -EXDEV: another file system is mounted in it; -EMLINK:
 * a file has names outside, which would stay as they are; -EFBIG: too deep; negative errno.
 */
int tree_scan(struct tree *tree);
/*
 * Copies what is not there as it is now. 0, or negative errno with a note. The new root itself stays
 * root's: it is made like the old one, by copy_directory_end(), when it takes its place.
 */
int tree_copy(struct tree *tree);
/*
 * Reads both, from the disk where it is synced, and removes copies that are not the same: they are counted
 * in `changed`, and the next tree_copy() makes them anew.
 */
int tree_compare(struct tree *tree);
/* Removes copies of what is gone since. */
int tree_prune(struct tree *tree);
/* Wipes the old tree, but for its root; what was written there late goes into the new one first. */
int tree_discard(struct tree *tree);
/* Forgets what a step counted and found. */
void tree_clear(struct tree *tree);

#endif
