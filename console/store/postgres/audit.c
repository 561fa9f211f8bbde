/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what; rows are added and read, never changed. */
#include <errno.h>

#include "console/store/postgres/postgres.h"

int postgres_audit_add(struct store *store, const struct store_audit *audit)
{
	struct pg_call call = pg_call(store, PG_AUDIT_ADD);
	int r;

	pg_int(&call, audit->id);
	pg_int(&call, audit->time_ms);
	pg_text(&call, audit->who);
	pg_text(&call, audit->act);
	pg_text(&call, audit->what);
	pg_text(&call, audit->before);
	pg_text(&call, audit->after);
	pg_blob(&call, audit->link, sizeof(audit->link));
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

static int read_many(struct pg_call *call, struct store_audit *ret_audits, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_audit *audit = &ret_audits[i];

		audit->id = pg_get_int(&rows, i, 0);
		audit->time_ms = pg_get_int(&rows, i, 1);
		pg_get_text(&rows, i, 2, audit->who, sizeof(audit->who));
		pg_get_text(&rows, i, 3, audit->act, sizeof(audit->act));
		pg_get_text(&rows, i, 4, audit->what, sizeof(audit->what));
		pg_get_text(&rows, i, 5, audit->before, sizeof(audit->before));
		pg_get_text(&rows, i, 6, audit->after, sizeof(audit->after));
		pg_get_blob(&rows, i, 7, audit->link, sizeof(audit->link));
	}
	return pg_rows_count(r, &rows, most);
}

/* A row that all consoles know is locked first: who waited for it sees the newest there is then. */
int postgres_audit_last(struct store *store, struct store_audit *ret_audit)
{
	struct pg_call call;
	int64_t last;
	int r = 0;

	if (store->is_writing) {
		call = pg_call(store, PG_AUDIT_LOCK);
		r = pg_run_number(&call, &last);
	}
	if (r < 0)
		return r;
	call = pg_call(store, PG_AUDIT_LAST);
	r = read_many(&call, ret_audit, 1);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

int postgres_audits(
	struct store *store, int64_t after, struct store_audit *ret_audits, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_AUDIT_NEXT);

	pg_int(&call, after);
	pg_int(&call, most);
	return read_many(&call, ret_audits, most);
}
