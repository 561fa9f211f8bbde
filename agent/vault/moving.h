/* SPDX-License-Identifier: Apache-2.0 */
/* Private to add.c and prepare.c: a folder on its way into a vault. */
#ifndef HOLDFAST_AGENT_VAULT_MOVING_H
#define HOLDFAST_AGENT_VAULT_MOVING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/vault/record.h"
#include "agent/vault/tree.h"

/* Its descriptors are its own; negative: not open. */
struct moving {
	struct record record;
	int state_fd;
	int above_fd;		 /* the directory the folder is in */
	int from_fd;		 /* the folder */
	int to_fd;		 /* the vault */
	char name[NAME_MAX + 1]; /* of the folder */
	char beside[NAME_MAX + 1];
	uint64_t total; /* objects, as far as known */
	const char *doing;
	uint64_t told_ns;
	struct tree tree;
};

/* Prints what went wrong. Returns r. */
int moving_fail(const struct moving *moving, int r, const char *what);
/* Writes its record down. 0; negative errno with words printed. */
int moving_note(struct moving *moving);

/*
 * prepare.c: with a name and the directory of records: what the policy has of it, looked through, and noted;
 * or, when it was broken off, how it stands: has_changed, when folder and vault have changed places. 0; 1:
 * a dry run, and all is said; negative errno with words printed.
 */
int moving_prepare(struct moving *moving, bool *ret_has_changed);

#endif
