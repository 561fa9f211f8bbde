/* SPDX-License-Identifier: Apache-2.0 */
/* Whom blind marks name: a row for each user of a device that was given a pen, none ever removed. */
#include <errno.h>

#include "console/store/sqlite/sqlite.h"

static int find(struct store *store, int64_t device, uint32_t uid, uint32_t *ret_subject)
{
	sqlite3_stmt *statement = sqlite_statement(store, MARK_SUBJECT);
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, uid);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_subject = (uint32_t)sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_mark_subject(
	struct store *store, int64_t device, uint32_t uid, int64_t now_ms, uint32_t *ret_subject)
{
	sqlite3_stmt *statement;
	int r;

	r = find(store, device, uid, ret_subject);
	if (r != -ENOENT)
		return r;
	statement = sqlite_statement(store, MARK_ADD);
	sql_bind(statement, 1, device);
	sql_bind(statement, 2, uid);
	sql_bind(statement, 3, now_ms);
	r = sql_run(statement);
	return r < 0 ? r : find(store, device, uid, ret_subject);
}

int sqlite_mark_named(struct store *store, int64_t device, uint32_t uid, const char *name)
{
	sqlite3_stmt *statement = sqlite_statement(store, MARK_NAMED);

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, uid);
	sql_bind_text(statement, 3, name);
	return sql_run(statement);
}

int sqlite_mark_owner(struct store *store, uint32_t subject, struct store_mark *ret_mark)
{
	sqlite3_stmt *statement = sqlite_statement(store, MARK_GET);
	int r;

	sql_bind(statement, 1, subject);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_mark = (struct store_mark){.subject = subject,
		.device = sqlite3_column_int64(statement, 0),
		.uid = (uint32_t)sqlite3_column_int64(statement, 1),
		.made_ms = sqlite3_column_int64(statement, 3)};
	sql_column_text(statement, 2, ret_mark->name, sizeof(ret_mark->name));
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}
