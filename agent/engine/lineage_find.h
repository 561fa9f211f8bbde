/* SPDX-License-Identifier: Apache-2.0 */
/* What lineage_store.c and lineage_find.c share. Not for anyone else. */
#ifndef HOLDFAST_AGENT_ENGINE_LINEAGE_FIND_H
#define HOLDFAST_AGENT_ENGINE_LINEAGE_FIND_H

#include "agent/engine/lineage_store.h"
#include "common/sql.h"

#define LINEAGE_WRITE_MAX 20 /* statements of each */
#define LINEAGE_FIND_MAX  10

struct lineage_store {
	sqlite3 *sqlite;
	sqlite3_stmt *prepared[LINEAGE_WRITE_MAX];
	sqlite3_stmt *finders[LINEAGE_FIND_MAX];
	bool is_writing;
	uint64_t nodes, edges; /* rows */
};

/* Prepares the statements that look up. 0 or negative errno. */
int lineage_find_prepare(struct lineage_store *store);
void lineage_find_done(struct lineage_store *store);
/* The five columns that identify a node, as the first five values. */
void lineage_bind_key(sqlite3_stmt *statement, const struct lineage_key *key);

#endif
