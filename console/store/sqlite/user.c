/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts that were used on a device: a row each, a bounded number. */
#include <errno.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

static sqlite3_stmt *bind_user(
	struct store *store, enum statement which, int64_t device, const struct store_user *user)
{
	sqlite3_stmt *statement = sqlite_statement(store, which);

	sql_bind(statement, 1, device);
	sql_bind_text(statement, 2, user->name);
	sql_bind(statement, 3, user->first_ms);
	sql_bind(statement, 4, user->last_ms);
	return statement;
}

int sqlite_user_seen(struct store *store, int64_t device, const struct store_user *user)
{
	sqlite3_stmt *statement;
	int r;

	r = sqlite_run_one(store, bind_user(store, USER_SEEN, device, user));
	if (r != -ENOENT)
		return r;
	r = sql_run(bind_user(store, USER_ADD, device, user));
	if (r < 0)
		return r;
	statement = sqlite_statement(store, USER_TRIM);
	sql_bind(statement, 1, device);
	sql_bind(statement, 2, STORE_USERS_MAX);
	return sql_run(statement);
}

int sqlite_users(
	struct store *store, int64_t device, struct store_user *ret_users, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, USER_LAST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		struct store_user *user = &ret_users[count++];

		if (r < 0)
			return r;
		sql_column_text(statement, 0, user->name, sizeof(user->name));
		user->first_ms = sqlite3_column_int64(statement, 1);
		user->last_ms = sqlite3_column_int64(statement, 2);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}
