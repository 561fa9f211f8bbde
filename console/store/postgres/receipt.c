/* SPDX-License-Identifier: Apache-2.0 */
/* What devices were given of policies, and what they said of it. */
#include <errno.h>
#include <string.h>

#include "console/store/postgres/postgres.h"

int postgres_receipt_sent(struct store *store, int64_t device, uint64_t version, int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_RECEIPT_SENT);

	pg_int(&call, device);
	pg_int(&call, (int64_t)version);
	pg_int(&call, now_ms);
	return pg_run_any(&call);
}

int postgres_receipt_applied(
	struct store *store, int64_t device, const struct store_receipt *receipt)
{
	struct pg_call call = pg_call(store, PG_RECEIPT_APPLIED);

	pg_int(&call, device);
	pg_int(&call, (int64_t)receipt->applied);
	pg_text(&call, receipt->digest);
	pg_text(&call, receipt->mode);
	pg_int(&call, receipt->applied_ms);
	return pg_run_any(&call);
}

int postgres_receipt_refused(struct store *store, int64_t device, const char *code, int64_t time_ms)
{
	struct pg_call call = pg_call(store, PG_RECEIPT_REFUSED);

	pg_int(&call, device);
	pg_text(&call, code);
	pg_int(&call, time_ms);
	return pg_run_any(&call);
}

int postgres_receipt(struct store *store, int64_t device, struct store_receipt *ret_receipt)
{
	struct pg_call call = pg_call(store, PG_RECEIPT_GET);
	auto_rows rows = {0};
	int r;

	pg_int(&call, device);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	*ret_receipt = (struct store_receipt){0};
	if (!rows.count)
		return 0;
	ret_receipt->sent = (uint64_t)pg_get_int(&rows, 0, 0);
	ret_receipt->sent_ms = pg_get_int(&rows, 0, 1);
	ret_receipt->applied = (uint64_t)pg_get_int(&rows, 0, 2);
	pg_get_text(&rows, 0, 3, ret_receipt->digest, sizeof(ret_receipt->digest));
	pg_get_text(&rows, 0, 4, ret_receipt->mode, sizeof(ret_receipt->mode));
	ret_receipt->applied_ms = pg_get_int(&rows, 0, 5);
	ret_receipt->refused = (uint64_t)pg_get_int(&rows, 0, 6);
	pg_get_text(&rows, 0, 7, ret_receipt->code, sizeof(ret_receipt->code));
	ret_receipt->refused_ms = pg_get_int(&rows, 0, 8);
	return pg_rows_check(&rows);
}

int postgres_fleet(struct store *store,
	bool (*visit)(const struct store_fleet *fleet, void *userdata), void *userdata)
{
	struct pg_call call = pg_call(store, PG_FLEET);
	auto_rows rows = {0};
	struct store_fleet fleet;
	int r = pg_run(&call, &rows);

	for (int i = 0; r == 0 && i < rows.count; i++) {
		fleet.device = pg_get_int(&rows, i, 0);
		pg_get_blob(&rows, i, 1, fleet.uid, sizeof(fleet.uid));
		fleet.applied = (uint64_t)pg_get_int(&rows, i, 2);
		fleet.refused = (uint64_t)pg_get_int(&rows, i, 3);
		pg_get_text(&rows, i, 4, fleet.code, sizeof(fleet.code));
		r = pg_rows_check(&rows);
		if (r == 0 && !visit(&fleet, userdata))
			break;
	}
	return r;
}
