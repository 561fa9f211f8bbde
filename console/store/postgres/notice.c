/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What consoles that share a database tell each other. Numbered by one row, which is locked until
 * the commit: notices are seen in their order, and none is missed. Read each half second; LISTEN and
 * NOTIFY would be faster, but distributed databases that speak PostgreSQL's language lack them.
 */
#include <errno.h>

#include "console/store/postgres/postgres.h"

#define NOTICES_KEPT 4096

int postgres_notice_add(struct store *store, int64_t device)
{
	struct pg_call call = pg_call(store, PG_NOTICE_ADD);
	int r;

	pg_int(&call, postgres_of(store)->teller);
	pg_int(&call, device);
	r = pg_run_one(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_NOTICE_TRIM);
	pg_int(&call, NOTICES_KEPT);
	return pg_run_any(&call);
}

static int begin(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);
	struct pg_call call = pg_call(store, PG_NOTICE_LAST);
	int r = pg_run_number(&call, &postgres->noticed);

	postgres->is_noticing = r == 0;
	return r;
}

int postgres_notices(struct store *store, int64_t ret_devices[STORE_NOTICES_MAX])
{
	struct postgres_store *postgres = postgres_of(store);
	struct pg_call call;
	auto_rows rows = {0};
	int count = 0, r;

	if (!postgres->is_noticing)
		return begin(store);
	call = pg_call(store, PG_NOTICE_NEXT);
	pg_int(&call, postgres->noticed);
	pg_int(&call, STORE_NOTICES_MAX);
	r = pg_run(&call, &rows);
	for (int i = 0; r == 0 && i < rows.count && i < STORE_NOTICES_MAX; i++) {
		int64_t number = pg_get_int(&rows, i, 0);

		if (number > postgres->noticed + 1) /* some are gone: all may be another now */
			ret_devices[count++] = 0;
		else if (pg_get_int(&rows, i, 1) != postgres->teller)
			ret_devices[count++] = pg_get_int(&rows, i, 2);
		postgres->noticed = number;
	}
	if (r == 0)
		r = pg_rows_check(&rows);
	return r < 0 ? r : count;
}
