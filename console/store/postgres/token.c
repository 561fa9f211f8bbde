/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment tokens and administrators. */
#include <errno.h>

#include "console/store/postgres/postgres.h"

int postgres_token_add(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *token)
{
	struct pg_call call = pg_call(store, PG_TOKEN_ADD);
	int64_t id;
	int r;

	pg_blob(&call, hash, CONSOLE_HASH_SIZE);
	pg_text(&call, token->name);
	pg_int(&call, token->uses_left);
	pg_int(&call, token->made_ms);
	pg_int(&call, token->expires_ms);
	pg_int(&call, token->is_approving);
	pg_text(&call, token->made_by);
	pg_text(&call, token->owner);
	pg_text(&call, token->audience);
	pg_text(&call, token->tenant);
	r = pg_run_number(&call, &id);
	if (r < 0) /* another console took the number at the same moment */
		return r == -ENOENT ? -EDEADLK : r;
	token->id = id;
	return 0;
}

static void read_token(struct pg_rows *rows, int row, struct store_token *ret_token)
{
	ret_token->id = pg_get_int(rows, row, 0);
	pg_get_text(rows, row, 1, ret_token->name, sizeof(ret_token->name));
	ret_token->uses_left = pg_get_int(rows, row, 2);
	ret_token->used = pg_get_int(rows, row, 3);
	ret_token->made_ms = pg_get_int(rows, row, 4);
	ret_token->expires_ms = pg_get_int(rows, row, 5);
	ret_token->is_approving = pg_get_int(rows, row, 6) != 0;
	ret_token->is_revoked = pg_get_int(rows, row, 7) != 0;
	pg_get_text(rows, row, 8, ret_token->made_by, sizeof(ret_token->made_by));
	pg_get_text(rows, row, 9, ret_token->owner, sizeof(ret_token->owner));
	pg_get_text(rows, row, 10, ret_token->audience, sizeof(ret_token->audience));
	pg_get_text(rows, row, 11, ret_token->tenant, sizeof(ret_token->tenant));
}

static int read_many(struct pg_call *call, struct store_token *ret_tokens, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++)
		read_token(&rows, i, &ret_tokens[i]);
	return pg_rows_count(r, &rows, most);
}

static int read_one(struct pg_call *call, struct store_token *ret_token)
{
	int count = read_many(call, ret_token, 1);

	return count > 0 ? 0 : count < 0 ? count : -ENOENT;
}

int postgres_token_find(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *ret_token)
{
	struct pg_call call = pg_call(store, PG_TOKEN_FIND);

	pg_blob(&call, hash, CONSOLE_HASH_SIZE);
	return read_one(&call, ret_token);
}

int postgres_token_get(struct store *store, int64_t id, struct store_token *ret_token)
{
	struct pg_call call = pg_call(store, PG_TOKEN_GET);

	pg_int(&call, id);
	return read_one(&call, ret_token);
}

int postgres_token_use(struct store *store, int64_t id)
{
	struct pg_call call = pg_call(store, PG_TOKEN_USE);

	pg_int(&call, id);
	return pg_run_one(&call);
}

int postgres_token_revoke(struct store *store, int64_t id)
{
	struct pg_call call = pg_call(store, PG_TOKEN_REVOKE);

	pg_int(&call, id);
	return pg_run_one(&call);
}

int postgres_tokens(
	struct store *store, int64_t after, struct store_token *ret_tokens, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_TOKEN_NEXT);

	pg_int(&call, after);
	pg_int(&call, most);
	return read_many(&call, ret_tokens, most);
}

int postgres_ticket_show(
	struct store *store, int64_t device, const char *id, int64_t expires_ms, int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_TICKET_FORGET);
	int r;

	pg_int(&call, device);
	pg_int(&call, now_ms);
	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_TICKET_SHOW);
	pg_int(&call, device);
	pg_text(&call, id);
	pg_int(&call, expires_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

int postgres_administrator_add(
	struct store *store, const char *name, const char *hash, bool is_one_time, int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_ADMINISTRATOR_ADD);
	int r;

	pg_text(&call, name);
	pg_text(&call, hash);
	pg_int(&call, is_one_time);
	pg_int(&call, now_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

int postgres_administrator_count(struct store *store, int64_t *ret_count)
{
	struct pg_call call = pg_call(store, PG_ADMINISTRATOR_COUNT);

	return pg_run_number(&call, ret_count);
}
