/* SPDX-License-Identifier: Apache-2.0 */
/* No statement of its own: those belong to the stores. */
#include "common/sql.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int sql_error(sqlite3 *sqlite)
{
	switch (sqlite3_errcode(sqlite)) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_IOERR: /* a quota, or the -shm file on a full disk */
		return sqlite3_system_errno(sqlite) == ENOSPC ||
				       sqlite3_system_errno(sqlite) == EDQUOT ||
				       sqlite3_system_errno(sqlite) == EFBIG
			       ? -ENOSPC
			       : -EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	default:
		return -EIO;
	}
}

/* Before the first connection: all our processes have one thread. */
static void configure(void)
{
	static bool is_done;

	if (!is_done) {
		/* refused when a library was faster: locks cost time, and nothing else */
		(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
		(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* likewise: counts, locked */
	}
	is_done = true;
}

int sql_open(const char *path, sqlite3 **ret_sqlite)
{
	configure();
	if (sqlite3_open_v2(path, ret_sqlite,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW,
		    NULL) != SQLITE_OK)
		return *ret_sqlite ? sql_error(*ret_sqlite) : -ENOMEM;
	return 0;
}

int sql_open_reader(const char *path, sqlite3 **ret_sqlite)
{
	configure();
	if (sqlite3_open_v2(path, ret_sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL) !=
		SQLITE_OK)
		return *ret_sqlite ? sql_error(*ret_sqlite) : -ENOMEM;
	(void)sqlite3_wal_autocheckpoint(*ret_sqlite, 0); /* can't fail; the writer's business */
	return 0;
}

int sql_prepare(
	sqlite3 *sqlite, const char *const *texts, size_t count, sqlite3_stmt **ret_statements)
{
	for (size_t i = 0; i < count; i++)
		if (sqlite3_prepare_v3(sqlite, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &ret_statements[i], NULL) != SQLITE_OK)
			return sql_error(sqlite);
	return 0;
}

int sql_step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);
	int r;

	if (code == SQLITE_ROW)
		return 1;
	r = code == SQLITE_DONE ? 0 : sql_error(sqlite3_db_handle(statement));
	(void)sqlite3_reset(statement); /* repeats the code of step */
	return r;
}

void sql_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	(void)sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT); /* sql_step() */
}

int sql_run(sqlite3_stmt *statement)
{
	int r = sql_step(statement);

	(void)sqlite3_reset(statement); /* of a row that was there */
	return r;
}

int sql_number(sqlite3_stmt *statement, int64_t *ret_number)
{
	int r = sql_step(statement);

	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	*ret_number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

void sql_bind(sqlite3_stmt *statement, int index, int64_t value)
{
	(void)sqlite3_bind_int64(statement, index, value); /* sql_step() tells */
}

void sql_bind_blob(sqlite3_stmt *statement, int index, const void *blob, size_t size)
{
	(void)sqlite3_bind_blob64(statement, index, blob, size, SQLITE_TRANSIENT); /* sql_step() */
}

void sql_bind_blob_borrowed(sqlite3_stmt *statement, int index, const void *blob, size_t size)
{
	(void)sqlite3_bind_blob64(statement, index, blob, size, SQLITE_STATIC); /* sql_step() */
}

void sql_column_text(sqlite3_stmt *statement, int column, char *ret_text, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	(void)snprintf(ret_text, size, "%s", text ? text : ""); /* cut: longer than was ever put */
}

void sql_column_blob(sqlite3_stmt *statement, int column, void *ret_blob, size_t size)
{
	const void *blob = sqlite3_column_blob(statement, column);

	if (blob && (size_t)sqlite3_column_bytes(statement, column) == size)
		memcpy(ret_blob, blob, size);
	else
		memset(ret_blob, 0, size);
}
