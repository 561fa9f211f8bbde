/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's calls as all our stores want them: negative errno, statements prepared once. */
#ifndef HOLDFAST_COMMON_SQL_H
#define HOLDFAST_COMMON_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the agent's own stores are kept: a commit survives our end, a power cut may take the last few. The cache
 * is small (KiB), as the kernel has its pages too, and lends them to others.
 */
#define SQL_SMALL_STORE                \
	"PRAGMA journal_mode = WAL;"   \
	"PRAGMA synchronous = NORMAL;" \
	"PRAGMA cache_size = -512;"

/*
 * What went wrong last: -EBADMSG for a damaged file, -EEXIST against a constraint, -EBUSY, -ENOSPC,
 * -EACCES, -ENOMEM, -EIO.
 */
int sql_error(sqlite3 *sqlite);
/* Opens or creates a file, never over a symbolic link. On failure too, *ret_sqlite is to be closed. */
int sql_open(const char *path, sqlite3 **ret_sqlite);
/* Opens one that is there, to look only; it never checkpoints. On failure too, to be closed. */
int sql_open_reader(const char *path, sqlite3 **ret_sqlite);
/* Prepares count statements; those after a failure are NULL. */
int sql_prepare(
	sqlite3 *sqlite, const char *const *texts, size_t count, sqlite3_stmt **ret_statements);
/* Steps once; resets when nothing is left to fetch. 1 = a row, 0 = done. */
int sql_step(sqlite3_stmt *statement);
/* One that answers with no more than one row, of no interest: as sql_step(), and reset. */
int sql_run(sqlite3_stmt *statement);
/* One that answers with one number; -ENOENT without a row. */
int sql_number(sqlite3_stmt *statement, int64_t *ret_number);
void sql_bind(sqlite3_stmt *statement, int index, int64_t value);
/* Text is copied; a failure to bind is told by sql_step(). */
void sql_bind_text(sqlite3_stmt *statement, int index, const char *text);
void sql_bind_blob(sqlite3_stmt *statement, int index, const void *blob, size_t size);
/* As before, but the blob must stay until the statement is reset. */
void sql_bind_blob_borrowed(sqlite3_stmt *statement, int index, const void *blob, size_t size);
void sql_column_text(sqlite3_stmt *statement, int column, char *ret_text, size_t size);
/* Zeros when it has another size. */
void sql_column_blob(sqlite3_stmt *statement, int column, void *ret_blob, size_t size);

#endif
