/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts that were used on a device: a row each, a bounded number. */
#include <errno.h>
#include <string.h>

#include "console/store/postgres/postgres.h"

static struct pg_call user_call(struct store *store, enum postgres_statement which, int64_t device,
	const struct store_user *user)
{
	struct pg_call call = pg_call(store, which);

	pg_int(&call, device);
	pg_text(&call, user->name);
	pg_int(&call, user->first_ms);
	pg_int(&call, user->last_ms);
	return call;
}

int postgres_user_seen(struct store *store, int64_t device, const struct store_user *user)
{
	struct pg_call call = user_call(store, PG_USER_SEEN, device, user);
	int r = pg_run_one(&call);

	if (r != -ENOENT)
		return r;
	call = user_call(store, PG_USER_ADD, device, user);
	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_USER_TRIM);
	pg_int(&call, device);
	pg_int(&call, STORE_USERS_MAX);
	return pg_run_any(&call);
}

int postgres_users(
	struct store *store, int64_t device, struct store_user *ret_users, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run_list(store, PG_USER_LAST, device, most, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_user *user = &ret_users[i];

		pg_get_text(&rows, i, 0, user->name, sizeof(user->name));
		user->first_ms = pg_get_int(&rows, i, 1);
		user->last_ms = pg_get_int(&rows, i, 2);
	}
	return pg_rows_count(r, &rows, most);
}
