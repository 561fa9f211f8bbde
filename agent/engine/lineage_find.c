/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up in lineage.db. What the file holds is outside bytes: it may be damaged, and whatever a
 * column says is put into bounds here.
 */
#include "agent/engine/lineage_find.h"

#include <errno.h>
#include <stdio.h>

_Static_assert(
	LINEAGE_READ == 1 && LINEAGE_ORIGIN == 2 && LINEAGE_PROCESS == 2, "statements below");

#define EDGE_COLUMNS "source, target, kind, how, what, first_ms, last_ms, count"

enum finder {
	NODE_FIND,
	NODE_GET,
	PROCESS_FIND,
	NAME_FILES,
	NAME_OF_FILE,
	EDGE_FROM,
	EDGE_TO,
	EDGE_ORIGIN,
	FINDER_MAX,
};

_Static_assert(FINDER_MAX <= LINEAGE_FIND_MAX, "room for them");

static const char *const finders[FINDER_MAX] = {
	[NODE_FIND] = "SELECT id FROM node WHERE kind = ?1 AND scope = ?2 AND number = ?3"
		      " AND stamp = ?4 AND subvolume = ?5",
	[NODE_GET] = "SELECT kind, scope, number, stamp, subvolume, name, app, uid, labels, flags,"
		     " first_ms, last_ms FROM node WHERE id = ?1",
	[PROCESS_FIND] = "SELECT id FROM node WHERE kind = 2 AND scope = ?1 AND number = ?2"
			 " ORDER BY stamp DESC LIMIT 1",
	[NAME_FILES] = "SELECT file FROM name WHERE path = ?1 ORDER BY last_ms DESC LIMIT ?2",
	[NAME_OF_FILE] = "SELECT path FROM name WHERE file = ?1 ORDER BY last_ms DESC LIMIT ?2",
	[EDGE_FROM] = "SELECT " EDGE_COLUMNS " FROM (SELECT * FROM edge WHERE source = ?1"
		      " ORDER BY kind = 2, last_ms DESC, id DESC LIMIT ?2) ORDER BY first_ms, id",
	[EDGE_TO] = "SELECT " EDGE_COLUMNS " FROM (SELECT * FROM edge WHERE target = ?1"
		    " ORDER BY kind = 2, last_ms DESC, id DESC LIMIT ?2) ORDER BY first_ms, id",
	[EDGE_ORIGIN] = "SELECT max(source = ?2) FROM edge WHERE target = ?1 AND kind IN (1, 2)",
};

int lineage_find_prepare(struct lineage_store *store)
{
	return sql_prepare(store->sqlite, finders, FINDER_MAX, store->finders);
}

void lineage_find_done(struct lineage_store *store)
{
	for (unsigned int i = 0; i < FINDER_MAX; i++)
		(void)sqlite3_finalize(store->finders[i]); /* repeats old codes */
}

static sqlite3_stmt *statement_of(struct lineage_store *store, enum finder which)
{
	(void)sqlite3_reset(store->finders[which]); /* of an earlier use */
	return store->finders[which];
}

static void copy_text(sqlite3_stmt *statement, int column, char *ret_text, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	(void)snprintf(ret_text, size, "%s", text ? (const char *)text : "");
}

void lineage_bind_key(sqlite3_stmt *statement, const struct lineage_key *key)
{
	sql_bind(statement, 1, key->kind);
	sql_bind(statement, 2, key->scope);
	sql_bind(statement, 3, key->number);
	sql_bind(statement, 4, key->stamp);
	sql_bind(statement, 5, key->subvolume);
}

int lineage_store_find(struct lineage_store *store, const struct lineage_key *key, int64_t *ret_id)
{
	sqlite3_stmt *statement = statement_of(store, NODE_FIND);

	lineage_bind_key(statement, key);
	return sql_number(statement, ret_id);
}

int lineage_store_process(struct lineage_store *store, int64_t boot, uint32_t tgid, int64_t *ret_id)
{
	sqlite3_stmt *statement = statement_of(store, PROCESS_FIND);

	sql_bind(statement, 1, boot);
	sql_bind(statement, 2, tgid);
	return sql_number(statement, ret_id);
}

int lineage_store_get(struct lineage_store *store, int64_t id, struct lineage_node *ret_node)
{
	sqlite3_stmt *statement = statement_of(store, NODE_GET);
	int64_t kind;
	int r;

	sql_bind(statement, 1, id);
	r = sql_step(statement);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	kind = sqlite3_column_int64(statement, 0);
	*ret_node = (struct lineage_node){.id = id,
		.key = {.kind = kind == LINEAGE_FILE ? LINEAGE_FILE : LINEAGE_PROCESS,
			.scope = sqlite3_column_int64(statement, 1),
			.number = sqlite3_column_int64(statement, 2),
			.stamp = sqlite3_column_int64(statement, 3),
			.subvolume = sqlite3_column_int64(statement, 4)},
		.uid = (uint32_t)sqlite3_column_int64(statement, 7),
		.labels = (uint64_t)sqlite3_column_int64(statement, 8),
		.flags = (uint32_t)sqlite3_column_int64(statement, 9),
		.first_ms = (uint64_t)sqlite3_column_int64(statement, 10),
		.last_ms = (uint64_t)sqlite3_column_int64(statement, 11)};
	copy_text(statement, 5, ret_node->name, sizeof(ret_node->name));
	copy_text(statement, 6, ret_node->app, sizeof(ret_node->app));
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int lineage_store_named(
	struct lineage_store *store, const char *path, int64_t *ret_files, unsigned int most)
{
	sqlite3_stmt *statement = statement_of(store, NAME_FILES);
	unsigned int count = 0;
	int r;

	sql_bind_text(statement, 1, path);
	sql_bind(statement, 2, most);
	while ((r = sql_step(statement)) > 0 && count < most)
		ret_files[count++] = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return r < 0 ? r : (int)count;
}

int lineage_store_edges(struct lineage_store *store, int64_t node, bool is_to,
	struct lineage_edge *ret_edges, unsigned int most)
{
	sqlite3_stmt *statement = statement_of(store, is_to ? EDGE_TO : EDGE_FROM);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, node);
	sql_bind(statement, 2, most);
	while ((r = sql_step(statement)) > 0 && count < most) {
		struct lineage_edge *edge = &ret_edges[count];
		int64_t kind = sqlite3_column_int64(statement, 2);

		if (kind < LINEAGE_READ || kind >= LINEAGE_EDGE_MAX)
			continue;
		*edge = (struct lineage_edge){.source = sqlite3_column_int64(statement, 0),
			.target = sqlite3_column_int64(statement, 1),
			.kind = (enum lineage_edge_kind)kind,
			.how = sqlite3_column_int64(statement, 3),
			.first_ms = (uint64_t)sqlite3_column_int64(statement, 5),
			.last_ms = (uint64_t)sqlite3_column_int64(statement, 6),
			.count = (uint64_t)sqlite3_column_int64(statement, 7)};
		copy_text(statement, 4, edge->what, sizeof(edge->what));
		count++;
	}
	(void)sqlite3_reset(statement); /* of a row that was there */
	return r < 0 ? r : (int)count;
}

bool lineage_store_is_origin(struct lineage_store *store, int64_t file, int64_t process)
{
	sqlite3_stmt *statement = statement_of(store, EDGE_ORIGIN);
	struct lineage_node node;
	bool is_none, is_it;

	sql_bind(statement, 1, process);
	sql_bind(statement, 2, file);
	if (sql_step(statement) <= 0)
		return true;
	is_none = sqlite3_column_type(statement, 0) == SQLITE_NULL;
	is_it = sqlite3_column_int(statement, 0) != 0;
	(void)sqlite3_reset(statement); /* of a row that was there */
	if (is_none || is_it)
		return true;
	return lineage_store_get(store, process, &node) == 0 && (node.flags & LINEAGE_IS_MANY);
}

int lineage_store_names(struct lineage_store *store, int64_t file,
	void (*visit)(const char *path, void *userdata), void *userdata)
{
	sqlite3_stmt *statement = statement_of(store, NAME_OF_FILE);
	int r;

	sql_bind(statement, 1, file);
	sql_bind(statement, 2, LINEAGE_NAME_MAX);
	while ((r = sql_step(statement)) > 0) {
		const char *path = (const char *)sqlite3_column_text(statement, 0);

		if (path)
			visit(path, userdata);
	}
	return r;
}
