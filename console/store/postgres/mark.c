/* SPDX-License-Identifier: Apache-2.0 */
/* Whom blind marks name: a row for each user of a device that was given a pen, none ever removed. */
#include <errno.h>

#include "console/store/postgres/postgres.h"

int postgres_mark_subject(
	struct store *store, int64_t device, uint32_t uid, int64_t now_ms, uint32_t *ret_subject)
{
	struct pg_call call = pg_call(store, PG_MARK_ADD);
	auto_rows rows = {0};
	int r;

	pg_int(&call, device);
	pg_int(&call, uid);
	pg_int(&call, now_ms);
	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_MARK_SUBJECT);
	pg_int(&call, device);
	pg_int(&call, uid);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	*ret_subject = (uint32_t)pg_get_int(&rows, 0, 0);
	return pg_rows_check(&rows);
}

int postgres_mark_named(struct store *store, int64_t device, uint32_t uid, const char *name)
{
	struct pg_call call = pg_call(store, PG_MARK_NAMED);

	pg_int(&call, device);
	pg_int(&call, uid);
	pg_text(&call, name);
	return pg_run_any(&call);
}

int postgres_mark_owner(struct store *store, uint32_t subject, struct store_mark *ret_mark)
{
	struct pg_call call = pg_call(store, PG_MARK_GET);
	auto_rows rows = {0};
	int r;

	pg_int(&call, subject);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	*ret_mark = (struct store_mark){.subject = subject,
		.device = pg_get_int(&rows, 0, 0),
		.uid = (uint32_t)pg_get_int(&rows, 0, 1),
		.made_ms = pg_get_int(&rows, 0, 3)};
	pg_get_text(&rows, 0, 2, ret_mark->name, sizeof(ret_mark->name));
	return pg_rows_check(&rows);
}
