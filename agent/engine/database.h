/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.db: what must outlive a reboot: which bit each label has, which number each application
 * has, which inode carries which labels. The only place with SQL. One connection, one writer.
 */
#ifndef HOLDFAST_AGENT_ENGINE_DATABASE_H
#define HOLDFAST_AGENT_ENGINE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ipc/messages.h"
#include "common/cleanup.h"

struct database;

#define DATABASE_COMMIT_NS 200000000ull /* marks are written together for so long */

/* Opens or creates path. 0 or negative errno. The caller frees. */
int database_open(const char *path, struct database **ret_database);
/* Commits. Accepts NULL. */
void database_free(struct database *database);
CLEANUP_DEFINE(struct database, database_free)

/* The bit of a label, given one when it is new. -ENOSPC: all are taken by live labels. */
int database_label_bit(
	struct database *database, const uint8_t uuid[MESSAGE_UUID_SIZE], const char *name);
/* Begins a compilation: bits asked for from here on are not given to others. */
void database_labels_begin(struct database *database);
/* Calls visit for every label ever given a bit that it still has. */
int database_labels_visit(struct database *database,
	void (*visit)(const struct message_label *label, void *userdata), void *userdata);

/* The number of an application, the same for good; from 1. -ENOSPC when none is free. */
int database_app_number(struct database *database, const char *name);
void database_apps_begin(struct database *database);

/* Stores or (labels 0) deletes a mark. */
int database_mark(struct database *database, const struct message_marked *marked);

struct database_mark {
	struct hf_inode_key key; /* dev is the caller's to set */
	struct hf_mark mark;
};
/* Marks of one volume after *cursor (0 at first), at most `most`; how many, or negative errno. */
int database_marks_of(struct database *database, const char *volume, int64_t *cursor,
	struct database_mark *ret_marks, unsigned int most);
/* Calls visit for the path of every mark that a policy made, with the labels it has. */
int database_policy_marks_visit(struct database *database,
	void (*visit)(const char *path, uint64_t labels, void *userdata), void *userdata);
int64_t database_mark_count(struct database *database);

/* Small values by name. -ENOENT. */
int database_get(struct database *database, const char *name, int64_t *ret_value);
int database_set(struct database *database, const char *name, int64_t value);

/* Commits what waits for longer than DATABASE_COMMIT_NS, or all. 0 or negative errno. */
int database_commit(struct database *database, bool is_all);

#endif
