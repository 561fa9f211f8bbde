/* SPDX-License-Identifier: Apache-2.0 */
/* The schema, and writing. Looking up is lineage_find.c's. */
#include "agent/engine/lineage_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/lineage_find.h"

#define SCHEMA_VERSION "1"

/* Works with SQLite 3.24 (upsert). Nothing is synced at a commit: a power cut may take the last few edges, never the file. */
static const char schema[] =
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON;" SQL_SMALL_STORE
	"CREATE TABLE IF NOT EXISTS version" SCHEMA_VERSION " (number INTEGER);"
	"CREATE TABLE IF NOT EXISTS scope (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE IF NOT EXISTS node (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
	" scope INTEGER NOT NULL, number INTEGER NOT NULL, stamp INTEGER NOT NULL,"
	" subvolume INTEGER NOT NULL, name TEXT NOT NULL, app TEXT NOT NULL, uid INTEGER NOT NULL,"
	" labels INTEGER NOT NULL, flags INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL, UNIQUE (kind, scope, number, stamp, subvolume));"
	"CREATE INDEX IF NOT EXISTS node_by_time ON node (last_ms);"
	"CREATE TABLE IF NOT EXISTS name (path TEXT NOT NULL, file INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL, PRIMARY KEY (path, file)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS name_by_file ON name (file, last_ms);"
	"CREATE TABLE IF NOT EXISTS edge (id INTEGER PRIMARY KEY, source INTEGER NOT NULL,"
	" target INTEGER NOT NULL, kind INTEGER NOT NULL, how INTEGER NOT NULL, what TEXT NOT NULL,"
	" first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL,"
	" UNIQUE (source, kind, target, how, what));"
	"CREATE INDEX IF NOT EXISTS edge_by_target ON edge (target, kind);"
	"CREATE INDEX IF NOT EXISTS edge_by_time ON edge (last_ms);";

enum statement { /* up to LINEAGE_WRITE_MAX */
	BEGIN,
	COMMIT,
	ROLLBACK,
	SCOPE_FIND,
	SCOPE_ADD,
	NODE_ADD,
	NODE_MORE,
	NODE_COUNT,
	NODE_OLDEST,
	NODE_TRIM,
	NAME_PUT,
	NAME_TRIM,
	NAME_DROP,
	EDGE_AGAIN,
	EDGE_EXITS,
	EDGE_PUT,
	EDGE_COUNT,
	EDGE_OLDEST,
	EDGE_TRIM,
	STATEMENT_MAX,
};

_Static_assert(STATEMENT_MAX <= LINEAGE_WRITE_MAX, "room for them");

_Static_assert(LINEAGE_EXIT == 5, "statements below");
_Static_assert(LINEAGE_IS_KNOWN == 4, "statements below");

static const char *const statements[STATEMENT_MAX] = {
	[BEGIN] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SCOPE_FIND] = "SELECT id FROM scope WHERE name = ?1",
	[SCOPE_ADD] = "INSERT INTO scope (name) VALUES (?1)",
	[NODE_ADD] =
		"INSERT INTO node (kind, scope, number, stamp, subvolume, name, app, uid, labels,"
		" flags, first_ms, last_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
	/* 4: LINEAGE_IS_KNOWN */
	[NODE_MORE] = "UPDATE node SET name = CASE WHEN ?6 = '' THEN name ELSE ?6 END,"
		      " app = CASE WHEN ?7 = '' THEN app ELSE ?7 END,"
		      " uid = CASE WHEN ?10 & 4 THEN ?8 ELSE uid END, labels = labels | ?9,"
		      " flags = flags | ?10, last_ms = max(last_ms, ?11) WHERE id = ?1",
	[NODE_COUNT] = "SELECT count(*) FROM node",
	[NODE_OLDEST] = "SELECT min(last_ms) FROM node",
	[NODE_TRIM] =
		"DELETE FROM node WHERE id IN (SELECT id FROM node ORDER BY last_ms LIMIT ?1)",
	[NAME_PUT] = "INSERT INTO name (path, file, last_ms) VALUES (?1, ?2, ?3)"
		     " ON CONFLICT (path, file) DO UPDATE SET last_ms = excluded.last_ms",
	[NAME_TRIM] = "DELETE FROM name WHERE file = ?1 AND path IN (SELECT path FROM name"
		      " WHERE file = ?1 ORDER BY last_ms DESC LIMIT -1 OFFSET ?2)",
	[NAME_DROP] =
		"DELETE FROM name WHERE file IN (SELECT id FROM node ORDER BY last_ms LIMIT ?1)",
	[EDGE_AGAIN] = "UPDATE edge SET count = count + ?6, last_ms = max(last_ms, ?7)"
		       " WHERE source = ?1 AND kind = ?2 AND target = ?3 AND how = ?4"
		       " AND what = ?5",
	[EDGE_EXITS] = "SELECT count(*) FROM (SELECT 1 FROM edge WHERE source = ?1 AND kind = 5"
		       " LIMIT ?2)",
	[EDGE_PUT] = "INSERT INTO edge (source, kind, target, how, what, count, first_ms, last_ms)"
		     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
		     " ON CONFLICT (source, kind, target, how, what) DO UPDATE SET"
		     " count = count + excluded.count, last_ms = max(last_ms, excluded.last_ms)",
	[EDGE_COUNT] = "SELECT count(*) FROM edge",
	[EDGE_OLDEST] = "SELECT min(last_ms) FROM edge",
	[EDGE_TRIM] =
		"DELETE FROM edge WHERE id IN (SELECT id FROM edge ORDER BY last_ms LIMIT ?1)",
};

static sqlite3_stmt *statement_of(struct lineage_store *store, enum statement which)
{
	(void)sqlite3_reset(store->prepared[which]); /* of an earlier use */
	return store->prepared[which];
}

static int count_rows(struct lineage_store *store)
{
	int64_t nodes, edges;
	int r;

	r = sql_number(statement_of(store, NODE_COUNT), &nodes);
	if (r < 0)
		return r;
	r = sql_number(statement_of(store, EDGE_COUNT), &edges);
	if (r < 0)
		return r;
	store->nodes = (uint64_t)nodes;
	store->edges = (uint64_t)edges;
	return 0;
}

/* A file of another version has a table of another number. */
static int check_version(struct lineage_store *store)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (sqlite3_prepare_v2(store->sqlite,
		    "SELECT 1 FROM sqlite_master WHERE name LIKE 'version%'"
		    " AND name <> 'version" SCHEMA_VERSION "'",
		    -1, &statement, NULL) != SQLITE_OK)
		return sql_error(store->sqlite);
	r = sql_step(statement);
	(void)sqlite3_finalize(statement); /* repeats the code of step */
	return r > 0 ? -EPROTO : r;
}

int lineage_store_open(const char *path, struct lineage_store **ret_store)
{
	auto_call(lineage_store_freep) struct lineage_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	r = sql_open(path, &store->sqlite);
	if (r < 0)
		return r;
	if (sqlite3_exec(store->sqlite, schema, NULL, NULL, NULL) != SQLITE_OK) {
		r = sql_error(store->sqlite);
		return r == -EIO ? -EBADMSG : r; /* a table of ours that is something else */
	}
	r = check_version(store);
	if (r < 0)
		return r;
	r = sql_prepare(store->sqlite, statements, STATEMENT_MAX, store->prepared);
	if (r == 0)
		r = lineage_find_prepare(store);
	if (r < 0)
		return r == -EIO ? -EBADMSG : r; /* likewise */
	r = count_rows(store);
	if (r < 0)
		return r;
	*ret_store = take_ptr(store);
	return 0;
}

void lineage_store_free(struct lineage_store *store)
{
	if (!store)
		return;
	lineage_store_rollback(store);
	for (unsigned int i = 0; i < STATEMENT_MAX; i++)
		(void)sqlite3_finalize(store->prepared[i]); /* repeats old codes */
	lineage_find_done(store);
	(void)sqlite3_close(store->sqlite); /* nothing is open in it */
	free(store);
}

int lineage_store_begin(struct lineage_store *store)
{
	int r = sql_run(statement_of(store, BEGIN));

	store->is_writing = r == 0;
	return r;
}

int lineage_store_commit(struct lineage_store *store)
{
	int r = sql_run(statement_of(store, COMMIT));

	if (r == 0)
		store->is_writing = false;
	return r;
}

void lineage_store_rollback(struct lineage_store *store)
{
	if (store->is_writing)
		(void)sql_run(statement_of(store, ROLLBACK)); /* SQLite may have done it itself */
	store->is_writing = false;
}

int64_t lineage_store_scope(struct lineage_store *store, const char *name)
{
	sqlite3_stmt *statement = statement_of(store, SCOPE_FIND);
	int64_t id;
	int r;

	sql_bind_text(statement, 1, name);
	r = sql_number(statement, &id);
	if (r == -ENOENT) {
		statement = statement_of(store, SCOPE_ADD);
		sql_bind_text(statement, 1, name);
		r = sql_run(statement);
		id = sqlite3_last_insert_rowid(store->sqlite);
	}
	if (r < 0)
		return r;
	return id > 0 ? id : -EBADMSG;
}

int64_t lineage_store_node(struct lineage_store *store, const struct lineage_node *node)
{
	sqlite3_stmt *statement;
	int64_t id;
	int r, found;

	found = lineage_store_find(store, &node->key, &id);
	if (found < 0 && found != -ENOENT)
		return found;
	if (found < 0) {
		statement = statement_of(store, NODE_ADD);
		lineage_bind_key(statement, &node->key);
	} else {
		statement = statement_of(store, NODE_MORE);
		sql_bind(statement, 1, id);
	}
	sql_bind_text(statement, 6, node->name);
	sql_bind_text(statement, 7, node->app);
	sql_bind(statement, 8, node->uid);
	sql_bind(statement, 9, (int64_t)node->labels);
	sql_bind(statement, 10, node->flags);
	sql_bind(statement, 11, (int64_t)node->last_ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	if (found < 0) {
		store->nodes++;
		id = sqlite3_last_insert_rowid(store->sqlite);
	}
	return id > 0 ? id : -EBADMSG;
}

static void bind_edge(sqlite3_stmt *statement, const struct lineage_edge *edge, const char *what)
{
	sql_bind(statement, 1, edge->source);
	sql_bind(statement, 2, edge->kind);
	sql_bind(statement, 3, edge->target);
	sql_bind(statement, 4, edge->how);
	sql_bind_text(statement, 5, what);
	sql_bind(statement, 6, (int64_t)edge->count);
	sql_bind(statement, 7, (int64_t)edge->last_ms);
}

int lineage_store_edge(struct lineage_store *store, const struct lineage_edge *edge)
{
	sqlite3_stmt *statement = statement_of(store, EDGE_AGAIN);
	const char *what = edge->what;
	int64_t count = 0;
	int r;

	bind_edge(statement, edge, what);
	r = sql_run(statement);
	if (r < 0 || sqlite3_changes(store->sqlite) > 0)
		return r;
	if (edge->kind == LINEAGE_EXIT) {
		statement = statement_of(store, EDGE_EXITS);
		sql_bind(statement, 1, edge->source);
		sql_bind(statement, 2, LINEAGE_EXIT_MAX);
		r = sql_number(statement, &count);
		if (r < 0)
			return r;
		if (count >= LINEAGE_EXIT_MAX)
			what = "";
	}
	statement = statement_of(store, EDGE_PUT);
	bind_edge(statement, edge, what);
	r = sql_run(statement);
	if (r == 0)
		store->edges++;
	return r;
}

int lineage_store_name(struct lineage_store *store, int64_t file, const char *path, uint64_t ms)
{
	sqlite3_stmt *statement = statement_of(store, NAME_PUT);
	int r;

	sql_bind_text(statement, 1, path);
	sql_bind(statement, 2, file);
	sql_bind(statement, 3, (int64_t)ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	statement = statement_of(store, NAME_TRIM);
	sql_bind(statement, 1, file);
	sql_bind(statement, 2, LINEAGE_NAME_MAX);
	return sql_run(statement);
}

static int delete_oldest(struct lineage_store *store, enum statement which, uint64_t *ret_rows)
{
	sqlite3_stmt *statement = statement_of(store, which);
	int r;

	sql_bind(statement, 1, LINEAGE_TRIM_ROWS);
	r = sql_run(statement);
	if (r < 0)
		return r;
	*ret_rows = (uint64_t)sqlite3_changes(store->sqlite);
	return 0;
}

static bool is_too_old(struct lineage_store *store, enum statement oldest, uint64_t now_ms)
{
	int64_t ms;

	return sql_number(statement_of(store, oldest), &ms) == 0 && ms > 0 &&
	       (uint64_t)ms + LINEAGE_AGE_MS < now_ms;
}

int lineage_store_trim(struct lineage_store *store, uint64_t now_ms, uint64_t row_max)
{
	uint64_t gone = 0, rows = 0;
	int r;

	if (store->edges > row_max || is_too_old(store, EDGE_OLDEST, now_ms)) {
		r = delete_oldest(store, EDGE_TRIM, &rows);
		if (r < 0)
			return r;
		gone += rows;
		store->edges -= rows < store->edges ? rows : store->edges;
	}
	if (store->nodes > row_max || is_too_old(store, NODE_OLDEST, now_ms)) {
		r = delete_oldest(store, NAME_DROP, &rows);
		if (r < 0)
			return r;
		r = delete_oldest(store, NODE_TRIM, &rows);
		if (r < 0)
			return r;
		gone += rows;
		store->nodes -= rows < store->nodes ? rows : store->nodes;
	}
	return (int)gone;
}
