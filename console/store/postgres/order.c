/* SPDX-License-Identifier: Apache-2.0 */
/* What devices were told to destroy, and their receipts. */
#include <errno.h>

#include "console/store/postgres/postgres.h"

int postgres_order_add(struct store *store, const struct store_order *order)
{
	struct pg_call call = pg_call(store, PG_ORDER_ADD);
	int r;

	pg_int(&call, order->device);
	pg_int(&call, (int64_t)order->number);
	pg_int(&call, order->what);
	pg_text(&call, order->who);
	pg_text(&call, order->why);
	pg_int(&call, order->ordered_ms);
	pg_int(&call, order->sent_ms);
	pg_int(&call, order->done_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

int postgres_order_set(struct store *store, const struct store_order *order, const char *receipt)
{
	struct pg_call call = pg_call(store, PG_ORDER_SET);

	pg_int(&call, order->device);
	pg_int(&call, (int64_t)order->number);
	pg_int(&call, order->sent_ms);
	pg_int(&call, order->done_ms);
	pg_int(&call, order->withdrawn_ms);
	pg_text(&call, receipt ? receipt : "");
	return pg_run_one(&call);
}

int postgres_order_last(struct store *store, int64_t device, struct store_order *ret_order)
{
	struct pg_call call = pg_call(store, PG_ORDER_LAST);
	auto_rows rows = {0};
	int r;

	pg_int(&call, device);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	ret_order->device = device;
	ret_order->number = (uint64_t)pg_get_int(&rows, 0, 0);
	ret_order->what = (uint8_t)pg_get_int(&rows, 0, 1);
	pg_get_text(&rows, 0, 2, ret_order->who, sizeof(ret_order->who));
	pg_get_text(&rows, 0, 3, ret_order->why, sizeof(ret_order->why));
	ret_order->ordered_ms = pg_get_int(&rows, 0, 4);
	ret_order->sent_ms = pg_get_int(&rows, 0, 5);
	ret_order->done_ms = pg_get_int(&rows, 0, 6);
	ret_order->withdrawn_ms = pg_get_int(&rows, 0, 7);
	return pg_rows_check(&rows);
}

int postgres_order_receipt(struct store *store, int64_t device, uint64_t number,
	char ret_text[STORE_ORDER_RECEIPT_SIZE])
{
	struct pg_call call = pg_call(store, PG_ORDER_RECEIPT);
	auto_rows rows = {0};
	int r;

	pg_int(&call, device);
	pg_int(&call, (int64_t)number);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_text(&rows, 0, 0, ret_text, STORE_ORDER_RECEIPT_SIZE);
	return pg_rows_check(&rows);
}
