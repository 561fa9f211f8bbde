/* SPDX-License-Identifier: Apache-2.0 */
/* Statements are declared up front, one per question. */
#include "agent/engine/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sql.h"
#include "common/clock.h"

#define SCHEMA_VERSION 1

_Static_assert(HF_MARK_POLICY == 2, "MARK_OF_POLICY below");

static const char schema[] = SQL_SMALL_STORE
	"CREATE TABLE IF NOT EXISTS label (bit INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,"
	" name TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS app (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY, volume TEXT NOT NULL,"
	" ino INTEGER NOT NULL, subvolume INTEGER NOT NULL, generation INTEGER NOT NULL,"
	" labels INTEGER NOT NULL, flags INTEGER NOT NULL, path TEXT NOT NULL,"
	" UNIQUE (volume, ino, subvolume, generation));"
	"CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, value INTEGER NOT NULL);";

enum statement {
	LABEL_FIND,
	LABEL_ALL,
	LABEL_ADD,
	LABEL_RENAME,
	LABEL_DROP,
	MARK_WITH,
	APP_FIND,
	APP_ALL,
	APP_ADD,
	APP_DROP,
	MARK_PUT,
	MARK_DROP,
	MARK_NEXT,
	MARK_OF_POLICY,
	MARK_COUNT,
	VALUE_GET,
	VALUE_SET,
	BEGIN,
	COMMIT,
	STATEMENT_MAX,
};

static const char *const statements[STATEMENT_MAX] = {
	[LABEL_FIND] = "SELECT bit, name FROM label WHERE uuid = ?1",
	[LABEL_ALL] = "SELECT bit, uuid, name FROM label ORDER BY bit",
	[LABEL_ADD] = "INSERT INTO label (bit, uuid, name) VALUES (?1, ?2, ?3)",
	[LABEL_RENAME] = "UPDATE label SET name = ?2 WHERE bit = ?1",
	[LABEL_DROP] = "DELETE FROM label WHERE bit = ?1",
	[MARK_WITH] = "SELECT 1 FROM mark WHERE labels & ?1 LIMIT 1",
	[APP_FIND] = "SELECT number FROM app WHERE name = ?1",
	[APP_ALL] = "SELECT number FROM app ORDER BY number",
	[APP_ADD] = "INSERT INTO app (number, name) VALUES (?1, ?2)",
	[APP_DROP] = "DELETE FROM app WHERE number = ?1",
	[MARK_PUT] = "INSERT INTO mark (volume, ino, subvolume, generation, labels, flags, path)"
		     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		     " ON CONFLICT (volume, ino, subvolume, generation) DO UPDATE SET"
		     " labels = excluded.labels, flags = excluded.flags,"
		     " path = CASE WHEN excluded.path = '' THEN path ELSE excluded.path END",
	[MARK_DROP] = "DELETE FROM mark WHERE volume = ?1 AND ino = ?2 AND subvolume = ?3"
		      " AND generation = ?4",
	[MARK_NEXT] = "SELECT id, ino, subvolume, generation, labels, flags FROM mark"
		      " WHERE volume = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
	/* 2 is HF_MARK_POLICY */
	[MARK_OF_POLICY] = "SELECT path, labels FROM mark WHERE flags & 2 AND path <> ''",
	[MARK_COUNT] = "SELECT count(*) FROM mark",
	[VALUE_GET] = "SELECT value FROM value WHERE name = ?1",
	[VALUE_SET] = "INSERT INTO value (name, value) VALUES (?1, ?2)"
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	[BEGIN] = "BEGIN",
	[COMMIT] = "COMMIT",
};

struct database {
	sqlite3 *sqlite;
	sqlite3_stmt *prepared[STATEMENT_MAX];
	bool is_writing;
	uint64_t writing_since_ns;
	uint64_t bits_in_use;	      /* asked for since database_labels_begin() */
	bool apps_in_use[HF_APP_MAX]; /* likewise */
};

static int step(struct database *database, enum statement which)
{
	return sql_step(database->prepared[which]);
}

static sqlite3_stmt *statement_of(struct database *database, enum statement which)
{
	(void)sqlite3_reset(database->prepared[which]); /* of an earlier use */
	return database->prepared[which];
}

int database_open(const char *path, struct database **ret_database)
{
	auto_call(database_freep) struct database *database = calloc(1, sizeof(*database));
	int64_t version = SCHEMA_VERSION;
	int r;

	if (!database)
		return -ENOMEM;
	r = sql_open(path, &database->sqlite);
	if (r < 0)
		return r;
	if (sqlite3_exec(database->sqlite, schema, NULL, NULL, NULL) != SQLITE_OK)
		return sql_error(database->sqlite);
	r = sql_prepare(database->sqlite, statements, STATEMENT_MAX, database->prepared);
	if (r < 0)
		return r;
	r = database_get(database, "schema", &version);
	if (r == -ENOENT)
		r = database_set(database, "schema", SCHEMA_VERSION);
	if (r < 0)
		return r;
	if (version != SCHEMA_VERSION)
		return -EPROTO;
	*ret_database = take_ptr(database);
	return 0;
}

void database_free(struct database *database)
{
	if (!database)
		return;
	(void)database_commit(database, true); /* nothing more to do about it */
	for (unsigned int i = 0; i < STATEMENT_MAX; i++)
		(void)sqlite3_finalize(database->prepared[i]); /* repeats old codes */
	(void)sqlite3_close(database->sqlite);		       /* nothing is open in it */
	free(database);
}

static int begin(struct database *database)
{
	int r;

	if (database->is_writing)
		return 0;
	(void)statement_of(database, BEGIN); /* reset only */
	r = step(database, BEGIN);
	if (r < 0)
		return r;
	database->is_writing = true;
	database->writing_since_ns = clock_boot_ns();
	return 0;
}

int database_commit(struct database *database, bool is_all)
{
	int r;

	if (!database->is_writing)
		return 0;
	if (!is_all && clock_boot_ns() - database->writing_since_ns < DATABASE_COMMIT_NS)
		return 0;
	(void)statement_of(database, COMMIT); /* reset only */
	r = step(database, COMMIT);
	if (r < 0)
		return r;
	database->is_writing = false;
	return 0;
}

void database_labels_begin(struct database *database)
{
	database->bits_in_use = 0;
}

/* Taken by no label, or by one that no file carries and nobody asked for in this compilation. */
static int bit_find_free(struct database *database)
{
	uint64_t taken = 0;
	int r;

	(void)statement_of(database, LABEL_ALL); /* reset only */
	while ((r = step(database, LABEL_ALL)) > 0)
		taken |= UINT64_C(1) << sqlite3_column_int(database->prepared[LABEL_ALL], 0);
	if (r < 0)
		return r;
	for (int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (!(taken & (UINT64_C(1) << bit)))
			return bit;
	for (int bit = 0; bit < HF_LABEL_MAX; bit++) {
		sqlite3_stmt *statement;

		if (database->bits_in_use & (UINT64_C(1) << bit))
			continue;
		statement = statement_of(database, MARK_WITH);
		(void)sqlite3_bind_int64(
			statement, 1, (int64_t)(UINT64_C(1) << bit)); /* in range */
		if (step(database, MARK_WITH) != 0)
			continue;
		(void)sqlite3_bind_int(statement_of(database, LABEL_DROP), 1, bit); /* in range */
		if (step(database, LABEL_DROP) == 0)
			return bit;
	}
	return -ENOSPC;
}

static int label_add(struct database *database, int bit, const uint8_t *uuid, const char *name)
{
	sqlite3_stmt *statement = statement_of(database, LABEL_ADD);

	(void)sqlite3_bind_int(statement, 1, bit); /* step() tells, here and below */
	(void)sqlite3_bind_blob(statement, 2, uuid, MESSAGE_UUID_SIZE, SQLITE_TRANSIENT);
	sql_bind_text(statement, 3, name);
	return step(database, LABEL_ADD);
}

int database_label_bit(
	struct database *database, const uint8_t uuid[MESSAGE_UUID_SIZE], const char *name)
{
	sqlite3_stmt *statement = statement_of(database, LABEL_FIND);
	int bit, r;

	(void)sqlite3_bind_blob(
		statement, 1, uuid, MESSAGE_UUID_SIZE, SQLITE_TRANSIENT); /* step() */
	r = step(database, LABEL_FIND);
	if (r < 0)
		return r;
	if (r > 0) {
		bit = sqlite3_column_int(statement, 0);
		(void)sqlite3_reset(statement); /* of a row that was there */
		statement = statement_of(database, LABEL_RENAME);
		(void)sqlite3_bind_int(statement, 1, bit); /* in range */
		sql_bind_text(statement, 2, name);
		r = step(database, LABEL_RENAME);
	} else {
		bit = bit_find_free(database);
		if (bit < 0)
			return bit;
		r = label_add(database, bit, uuid, name);
	}
	if (r < 0)
		return r;
	database->bits_in_use |= UINT64_C(1) << bit;
	return bit;
}

int database_labels_visit(struct database *database,
	void (*visit)(const struct message_label *label, void *userdata), void *userdata)
{
	sqlite3_stmt *statement = statement_of(database, LABEL_ALL);
	int r;

	while ((r = step(database, LABEL_ALL)) > 0) {
		struct message_label label = {.bit = (uint8_t)sqlite3_column_int(statement, 0)};
		const void *uuid = sqlite3_column_blob(statement, 1);
		const char *name = (const char *)sqlite3_column_text(statement, 2);

		if (label.bit >= HF_LABEL_MAX || !uuid || !name ||
			sqlite3_column_bytes(statement, 1) != MESSAGE_UUID_SIZE)
			continue;
		memcpy(label.uuid, uuid, sizeof(label.uuid));
		(void)snprintf(label.name, sizeof(label.name), "%s", name);
		visit(&label, userdata);
	}
	return r;
}

void database_apps_begin(struct database *database)
{
	memset(database->apps_in_use, 0, sizeof(database->apps_in_use));
}

static int number_find_free(struct database *database)
{
	bool taken[HF_APP_MAX] = {true}; /* 0 is the unknown program */
	int r;

	(void)statement_of(database, APP_ALL); /* reset only */
	while ((r = step(database, APP_ALL)) > 0) {
		int number = sqlite3_column_int(database->prepared[APP_ALL], 0);

		if (number > 0 && number < HF_APP_MAX)
			taken[number] = true;
	}
	if (r < 0)
		return r;
	for (int number = 1; number < HF_APP_MAX; number++)
		if (!taken[number])
			return number;
	for (int number = 1; number < HF_APP_MAX; number++) {
		if (database->apps_in_use[number])
			continue;
		(void)sqlite3_bind_int(statement_of(database, APP_DROP), 1, number); /* in range */
		r = step(database, APP_DROP);
		return r < 0 ? r : number;
	}
	return -ENOSPC;
}

int database_app_number(struct database *database, const char *name)
{
	sqlite3_stmt *statement = statement_of(database, APP_FIND);
	int number, r;

	sql_bind_text(statement, 1, name);
	r = step(database, APP_FIND);
	if (r < 0)
		return r;
	if (r > 0) {
		number = sqlite3_column_int(statement, 0);
		(void)sqlite3_reset(statement); /* of a row that was there */
	} else {
		number = number_find_free(database);
		if (number < 0)
			return number;
		statement = statement_of(database, APP_ADD);
		(void)sqlite3_bind_int(statement, 1, number); /* in range */
		sql_bind_text(statement, 2, name);
		r = step(database, APP_ADD);
		if (r < 0)
			return r;
	}
	if (number < 1 || number >= HF_APP_MAX)
		return -EBADMSG;
	database->apps_in_use[number] = true;
	return number;
}

static void bind_key(sqlite3_stmt *statement, const char *volume, const struct hf_inode_key *key)
{
	sql_bind_text(statement, 1, volume);
	(void)sqlite3_bind_int64(statement, 2, (int64_t)key->ino); /* step() tells */
	(void)sqlite3_bind_int64(statement, 3, (int64_t)key->subvolume);
	(void)sqlite3_bind_int64(statement, 4, key->generation);
}

int database_mark(struct database *database, const struct message_marked *marked)
{
	enum statement which = marked->mark.labels ? MARK_PUT : MARK_DROP;
	sqlite3_stmt *statement;
	int r;

	r = begin(database);
	if (r < 0)
		return r;
	statement = statement_of(database, which);
	bind_key(statement, marked->volume, &marked->key);
	if (which == MARK_PUT) {
		(void)sqlite3_bind_int64(statement, 5, (int64_t)marked->mark.labels); /* step() */
		(void)sqlite3_bind_int64(statement, 6, marked->mark.flags);
		sql_bind_text(statement, 7, marked->path);
	}
	return step(database, which);
}

int database_marks_of(struct database *database, const char *volume, int64_t *cursor,
	struct database_mark *ret_marks, unsigned int most)
{
	sqlite3_stmt *statement = statement_of(database, MARK_NEXT);
	unsigned int count = 0;
	int r;

	sql_bind_text(statement, 1, volume);
	(void)sqlite3_bind_int64(statement, 2, *cursor); /* step() tells */
	(void)sqlite3_bind_int64(statement, 3, most);
	while ((r = step(database, MARK_NEXT)) > 0) {
		struct database_mark *mark = &ret_marks[count++];

		memset(mark, 0, sizeof(*mark));
		*cursor = sqlite3_column_int64(statement, 0);
		mark->key.ino = (uint64_t)sqlite3_column_int64(statement, 1);
		mark->key.subvolume = (uint64_t)sqlite3_column_int64(statement, 2);
		mark->key.generation = (uint32_t)sqlite3_column_int64(statement, 3);
		mark->mark.labels = (uint64_t)sqlite3_column_int64(statement, 4);
		mark->mark.flags = (uint32_t)sqlite3_column_int64(statement, 5);
	}
	return r < 0 ? r : (int)count;
}

int database_policy_marks_visit(struct database *database,
	void (*visit)(const char *path, uint64_t labels, void *userdata), void *userdata)
{
	sqlite3_stmt *statement = statement_of(database, MARK_OF_POLICY);
	int r;

	while ((r = step(database, MARK_OF_POLICY)) > 0) {
		const char *path = (const char *)sqlite3_column_text(statement, 0);

		if (path)
			visit(path, (uint64_t)sqlite3_column_int64(statement, 1), userdata);
	}
	return r;
}

int64_t database_mark_count(struct database *database)
{
	int64_t count;

	return sql_number(statement_of(database, MARK_COUNT), &count) < 0 ? -1 : count;
}

int database_get(struct database *database, const char *name, int64_t *ret_value)
{
	sqlite3_stmt *statement = statement_of(database, VALUE_GET);

	sql_bind_text(statement, 1, name);
	return sql_number(statement, ret_value);
}

int database_set(struct database *database, const char *name, int64_t value)
{
	sqlite3_stmt *statement;
	int r;

	r = begin(database);
	if (r < 0)
		return r;
	statement = statement_of(database, VALUE_SET);
	sql_bind_text(statement, 1, name);
	(void)sqlite3_bind_int64(statement, 2, value); /* step() tells */
	return step(database, VALUE_SET);
}
