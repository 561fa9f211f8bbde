/* SPDX-License-Identifier: Apache-2.0 */
/* For the steps of tree.h alone: one directory at a time, by descriptors, with the path kept beside. */
#ifndef HOLDFAST_AGENT_VAULT_TREE_WALK_H
#define HOLDFAST_AGENT_VAULT_TREE_WALK_H

#include "agent/vault/copy.h"
#include "agent/vault/tree.h"

/* What a step does with one name in a directory. Negative errno ends it all. */
typedef int tree_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth);

/*
 * Visits all that is in from_fd, by name. The names are read first, so that a visit may remove its own.
 * Calls tree->progress. A name that is gone by then is passed over.
 */
int tree_each(struct tree *tree, int from_fd, int to_fd, tree_visit *visit, unsigned int depth);
/* Opens a directory in directory_fd to be read. Negative errno. */
int tree_open(int directory_fd, const char *name);
/* Notes, and returns r. */
int tree_fail(struct tree *tree, int r, const char *words);

#endif
