/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file, its transactions, its copies. Commits are on disk when they return: WAL with
 * synchronous=FULL, which is looked at after it was asked for. This connection is the only one that
 * writes and the only one that checkpoints: two that do both can damage a WAL in SQLite before
 * 3.51.3 (https://sqlite.org/wal.html#walresetbug).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console/store/sqlite/sqlite.h"
#include "console/store/sqlite/schema.h"

#define CHECKPOINT_PAGES 4000	  /* of the WAL, 16 MiB: then it is written into the file */
#define CACHE_SIZE	 "-65536" /* KiB of pages, at most */
#define WAIT_MS		 5000	  /* for a reader that a checkpoint meets, or a backup that opens */

static const char settings_of_writer[] = "PRAGMA journal_mode = WAL;"
					 "PRAGMA temp_store = MEMORY;"
					 "PRAGMA synchronous = FULL;"
					 "PRAGMA cache_size = " CACHE_SIZE ";"
					 "PRAGMA foreign_keys = ON;"
					 "PRAGMA trusted_schema = OFF;";

static const char settings_of_reader[] = "PRAGMA query_only = ON;"
					 "PRAGMA cache_size = " CACHE_SIZE ";"
					 "PRAGMA trusted_schema = OFF;";

sqlite3_stmt *sqlite_statement(struct store *store, enum statement which)
{
	(void)sqlite3_reset(sqlite_of(store)->prepared[which]); /* of an earlier use */
	return sqlite_of(store)->prepared[which];
}

int sqlite_run_one(struct store *store, sqlite3_stmt *statement)
{
	int r = sql_run(statement);

	if (r < 0)
		return r;
	return sqlite3_changes(sqlite_of(store)->sqlite) > 0 ? 0 : -ENOENT;
}

static int execute(sqlite3 *sqlite, const char *script)
{
	return sqlite3_exec(sqlite, script, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(sqlite);
}

static int pragma_text(sqlite3 *sqlite, const char *pragma, char *ret_text, size_t size)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (sqlite3_prepare_v2(sqlite, pragma, -1, &statement, NULL) != SQLITE_OK)
		return sql_error(sqlite);
	r = sql_step(statement);
	if (r > 0)
		sql_column_text(statement, 0, ret_text, size);
	(void)sqlite3_finalize(statement); /* repeats the code of step */
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

/* What a promise hangs on is asked for, not assumed. */
static int assert_durable(sqlite3 *sqlite)
{
	char mode[16], sync[16];
	int r;

	r = pragma_text(sqlite, "PRAGMA journal_mode", mode, sizeof(mode));
	if (r == 0)
		r = pragma_text(sqlite, "PRAGMA synchronous", sync, sizeof(sync));
	if (r < 0)
		return r;
	return !strcmp(mode, "wal") && !strcmp(sync, "2") ? 0 : -EOPNOTSUPP;
}

static int open_writer(const char *path, struct sqlite_store *store)
{
	int r;

	r = sql_open(path, &store->sqlite);
	if (r < 0)
		return r;
	(void)sqlite3_busy_timeout(store->sqlite, WAIT_MS); /* can't fail, here and below */
	(void)sqlite3_wal_autocheckpoint(store->sqlite, CHECKPOINT_PAGES);
	r = execute(store->sqlite, settings_of_writer);
	if (r == 0)
		r = assert_durable(store->sqlite);
	if (r == 0)
		r = sqlite_schema_migrate(store->sqlite);
	return r;
}

static int open_reader(const char *path, struct sqlite_store *store)
{
	int r;

	r = sql_open_reader(path, &store->sqlite);
	if (r < 0)
		return r;
	(void)sqlite3_busy_timeout(store->sqlite, WAIT_MS); /* can't fail */
	r = execute(store->sqlite, settings_of_reader);
	return r < 0 ? r : sqlite_schema_check(store->sqlite);
}

int sqlite_open(const char *path, enum store_access access, struct store **ret_store)
{
	auto_call(store_freep) struct store *base = NULL;
	struct sqlite_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	base = &store->store;
	base->engine = &sqlite_engine;
	r = bodies_new(&store->bodies);
	if (r < 0)
		return r;
	r = access == STORE_WRITE ? open_writer(path, store) : open_reader(path, store);
	if (r < 0)
		return r;
	r = sql_prepare(store->sqlite, sqlite_statements, STATEMENT_MAX, store->prepared);
	if (r < 0)
		return r == -EIO ? -EBADMSG : r; /* a table of ours that is something else */
	*ret_store = take_ptr(base);
	return 0;
}

void sqlite_free(struct store *base)
{
	struct sqlite_store *store = sqlite_of(base);

	for (unsigned int i = 0; i < STATEMENT_MAX; i++)
		(void)sqlite3_finalize(store->prepared[i]); /* repeats old codes */
	(void)sqlite3_close(store->sqlite);		    /* nothing is open in it */
	bodies_free(store->bodies);
	free(store);
}

int sqlite_begin(struct store *store)
{
	return sql_run(sqlite_statement(store, BEGIN));
}

int sqlite_commit(struct store *store)
{
	return sql_run(sqlite_statement(store, COMMIT));
}

void sqlite_rollback(struct store *store)
{
	(void)sql_run(sqlite_statement(store, ROLLBACK)); /* SQLite may have done it itself */
	sqlite_persons_forget(store);
}

int sqlite_mark(struct store *store)
{
	return sql_run(sqlite_statement(store, MARK));
}

int sqlite_mark_undo(struct store *store)
{
	int r = sql_run(sqlite_statement(store, MARK_UNDO));

	sqlite_persons_forget(store);
	return r < 0 ? r : sql_run(sqlite_statement(store, MARK_KEEP));
}

int sqlite_mark_keep(struct store *store)
{
	return sql_run(sqlite_statement(store, MARK_KEEP));
}

/* One step, in one read transaction: a writer meanwhile does not make it begin anew. */
static int copy_all(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int code;

	if (!backup)
		return sql_error(to);
	do {
		code = sqlite3_backup_step(backup, -1);
		if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
			(void)sqlite3_sleep(50);
	} while (code == SQLITE_BUSY || code == SQLITE_LOCKED);
	(void)sqlite3_backup_finish(backup); /* repeats the code of step */
	return code == SQLITE_DONE ? 0 : sql_error(to) < 0 ? sql_error(to) : -EIO;
}

/* A copy that is one file, and whole. */
static int finish_copy(sqlite3 *copy)
{
	char answer[256];
	int r;

	r = sqlite_schema_check(copy);
	if (r == 0)
		r = pragma_text(copy, "PRAGMA journal_mode = DELETE", answer, sizeof(answer));
	if (r == 0)
		r = pragma_text(copy, "PRAGMA quick_check", answer, sizeof(answer));
	if (r < 0)
		return r;
	return !strcmp(answer, "ok") ? 0 : -EBADMSG;
}

int sqlite_backup(const char *from, const char *to)
{
	auto_close int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	sqlite3 *source = NULL, *copy = NULL;
	int r;

	if (fd < 0)
		return -errno;
	r = sql_open_reader(from, &source);
	if (r == 0) {
		(void)sqlite3_busy_timeout(source, WAIT_MS); /* can't fail */
		r = sqlite_schema_check(source);
	}
	if (r == 0)
		r = sql_open(to, &copy);
	if (r == 0)
		r = copy_all(source, copy);
	if (r == 0)
		r = finish_copy(copy);
	(void)sqlite3_close(copy); /* synced by its last transaction; NULL is fine */
	(void)sqlite3_close(source);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(to); /* ours, and of no worth */
	return r;
}

/* A statement with one text. */
static int text_get(sqlite3_stmt *statement, char *ret_value, size_t size)
{
	int r = sql_step(statement);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_text(statement, 0, ret_value, size);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_get(struct store *store, const char *name, char *ret_value, size_t size)
{
	sqlite3_stmt *statement = sqlite_statement(store, VALUE_GET);

	sql_bind_text(statement, 1, name);
	return text_get(statement, ret_value, size);
}

int sqlite_set(struct store *store, const char *name, const char *value)
{
	sqlite3_stmt *statement = sqlite_statement(store, VALUE_SET);

	sql_bind_text(statement, 1, name);
	sql_bind_text(statement, 2, value);
	return sql_run(statement);
}

int sqlite_tenant_set(struct store *store, const char *uid)
{
	sqlite3_stmt *statement = sqlite_statement(store, TENANT_SET);

	sql_bind_text(statement, 1, uid);
	return sqlite_run_one(store, statement);
}

int sqlite_tenant(struct store *store, char *ret_uid, size_t size)
{
	return text_get(sqlite_statement(store, TENANT_GET), ret_uid, size);
}

int sqlite_notice_add(struct store *store, int64_t device)
{
	(void)store; /* there is nobody to tell, here and below */
	(void)device;
	return 0;
}

int sqlite_notices(struct store *store, int64_t ret_devices[STORE_NOTICES_MAX])
{
	(void)store;
	(void)ret_devices;
	return 0;
}

const struct store_engine sqlite_engine = {.open = sqlite_open,
	.backup = sqlite_backup,
	.free = sqlite_free,
	STORE_CALLS(SQLITE_ENTRY)};
