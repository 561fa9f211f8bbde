/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what; rows are added and read, never changed. */
#include <errno.h>

#include "console/store/sqlite/sqlite.h"

int sqlite_audit_add(struct store *store, const struct store_audit *audit)
{
	sqlite3_stmt *statement = sqlite_statement(store, AUDIT_ADD);

	sql_bind(statement, 1, audit->id);
	sql_bind(statement, 2, audit->time_ms);
	sql_bind_text(statement, 3, audit->who);
	sql_bind_text(statement, 4, audit->act);
	sql_bind_text(statement, 5, audit->what);
	sql_bind_text(statement, 6, audit->before);
	sql_bind_text(statement, 7, audit->after);
	sql_bind_blob(statement, 8, audit->link, sizeof(audit->link));
	return sql_run(statement);
}

static void read_audit(sqlite3_stmt *statement, struct store_audit *ret_audit)
{
	ret_audit->id = sqlite3_column_int64(statement, 0);
	ret_audit->time_ms = sqlite3_column_int64(statement, 1);
	sql_column_text(statement, 2, ret_audit->who, sizeof(ret_audit->who));
	sql_column_text(statement, 3, ret_audit->act, sizeof(ret_audit->act));
	sql_column_text(statement, 4, ret_audit->what, sizeof(ret_audit->what));
	sql_column_text(statement, 5, ret_audit->before, sizeof(ret_audit->before));
	sql_column_text(statement, 6, ret_audit->after, sizeof(ret_audit->after));
	sql_column_blob(statement, 7, ret_audit->link, sizeof(ret_audit->link));
}

int sqlite_audit_last(struct store *store, struct store_audit *ret_audit)
{
	sqlite3_stmt *statement = sqlite_statement(store, AUDIT_LAST);
	int r = sql_step(statement);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_audit(statement, ret_audit);
	(void)sqlite3_reset(statement); /* of a row that was there, here and below */
	return 0;
}

int sqlite_audits(
	struct store *store, int64_t after, struct store_audit *ret_audits, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, AUDIT_NEXT);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, after);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_audit(statement, &ret_audits[count++]);
	}
	(void)sqlite3_reset(statement);
	return (int)count;
}
