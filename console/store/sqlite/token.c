/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment tokens and administrators. */
#include <errno.h>

#include "console/store/sqlite/sqlite.h"

int sqlite_token_add(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *token)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_ADD);
	int r;

	sql_bind_blob(statement, 1, hash, CONSOLE_HASH_SIZE);
	sql_bind_text(statement, 2, token->name);
	sql_bind(statement, 3, token->uses_left);
	sql_bind(statement, 4, token->made_ms);
	sql_bind(statement, 5, token->expires_ms);
	sql_bind(statement, 6, token->is_approving);
	sql_bind_text(statement, 7, token->made_by);
	sql_bind_text(statement, 8, token->owner);
	sql_bind_text(statement, 9, token->audience);
	sql_bind_text(statement, 10, token->tenant);
	r = sql_run(statement);
	if (r < 0)
		return r;
	token->id = sqlite3_last_insert_rowid(sqlite_of(store)->sqlite);
	return 0;
}

static void read_token(sqlite3_stmt *statement, struct store_token *ret_token)
{
	ret_token->id = sqlite3_column_int64(statement, 0);
	sql_column_text(statement, 1, ret_token->name, sizeof(ret_token->name));
	ret_token->uses_left = sqlite3_column_int64(statement, 2);
	ret_token->used = sqlite3_column_int64(statement, 3);
	ret_token->made_ms = sqlite3_column_int64(statement, 4);
	ret_token->expires_ms = sqlite3_column_int64(statement, 5);
	ret_token->is_approving = sqlite3_column_int(statement, 6) != 0;
	ret_token->is_revoked = sqlite3_column_int(statement, 7) != 0;
	sql_column_text(statement, 8, ret_token->made_by, sizeof(ret_token->made_by));
	sql_column_text(statement, 9, ret_token->owner, sizeof(ret_token->owner));
	sql_column_text(statement, 10, ret_token->audience, sizeof(ret_token->audience));
	sql_column_text(statement, 11, ret_token->tenant, sizeof(ret_token->tenant));
}

static int read_one(sqlite3_stmt *statement, struct store_token *ret_token)
{
	int r = sql_step(statement);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_token(statement, ret_token);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_token_find(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *ret_token)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_FIND);

	sql_bind_blob(statement, 1, hash, CONSOLE_HASH_SIZE);
	return read_one(statement, ret_token);
}

int sqlite_token_get(struct store *store, int64_t id, struct store_token *ret_token)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_GET);

	sql_bind(statement, 1, id);
	return read_one(statement, ret_token);
}

int sqlite_token_use(struct store *store, int64_t id)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_USE);

	sql_bind(statement, 1, id);
	return sqlite_run_one(store, statement);
}

int sqlite_token_revoke(struct store *store, int64_t id)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_REVOKE);

	sql_bind(statement, 1, id);
	return sqlite_run_one(store, statement);
}

int sqlite_tokens(
	struct store *store, int64_t after, struct store_token *ret_tokens, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, TOKEN_NEXT);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, after);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_token(statement, &ret_tokens[count++]);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_ticket_show(
	struct store *store, int64_t device, const char *id, int64_t expires_ms, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, TICKET_FORGET);
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, now_ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, TICKET_SHOW);
	sql_bind(statement, 1, device);
	sql_bind_text(statement, 2, id);
	sql_bind(statement, 3, expires_ms);
	r = sqlite_run_one(store, statement);
	return r == -ENOENT ? -EEXIST : r;
}

int sqlite_administrator_add(
	struct store *store, const char *name, const char *hash, bool is_one_time, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, ADMINISTRATOR_ADD);

	sql_bind_text(statement, 1, name);
	sql_bind_text(statement, 2, hash);
	sql_bind(statement, 3, is_one_time);
	sql_bind(statement, 4, now_ms);
	return sql_run(statement);
}

int sqlite_administrator_count(struct store *store, int64_t *ret_count)
{
	return sql_number(sqlite_statement(store, ADMINISTRATOR_COUNT), ret_count);
}
