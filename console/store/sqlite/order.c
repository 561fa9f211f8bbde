/* SPDX-License-Identifier: Apache-2.0 */
/* What devices were told to destroy, and their receipts. */
#include <errno.h>

#include "console/store/sqlite/sqlite.h"

int sqlite_order_add(struct store *store, const struct store_order *order)
{
	sqlite3_stmt *statement = sqlite_statement(store, ORDER_ADD);

	sql_bind(statement, 1, order->device);
	sql_bind(statement, 2, (int64_t)order->number);
	sql_bind(statement, 3, order->what);
	sql_bind_text(statement, 4, order->who);
	sql_bind_text(statement, 5, order->why);
	sql_bind(statement, 6, order->ordered_ms);
	sql_bind(statement, 7, order->sent_ms);
	sql_bind(statement, 8, order->done_ms);
	return sql_run(statement);
}

int sqlite_order_set(struct store *store, const struct store_order *order, const char *receipt)
{
	sqlite3_stmt *statement = sqlite_statement(store, ORDER_SET);

	sql_bind(statement, 1, order->device);
	sql_bind(statement, 2, (int64_t)order->number);
	sql_bind(statement, 3, order->sent_ms);
	sql_bind(statement, 4, order->done_ms);
	sql_bind(statement, 5, order->withdrawn_ms);
	sql_bind_text(statement, 6, receipt ? receipt : "");
	return sqlite_run_one(store, statement);
}

int sqlite_order_last(struct store *store, int64_t device, struct store_order *ret_order)
{
	sqlite3_stmt *statement = sqlite_statement(store, ORDER_LAST);
	int r;

	sql_bind(statement, 1, device);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	ret_order->device = device;
	ret_order->number = (uint64_t)sqlite3_column_int64(statement, 0);
	ret_order->what = (uint8_t)sqlite3_column_int(statement, 1);
	sql_column_text(statement, 2, ret_order->who, sizeof(ret_order->who));
	sql_column_text(statement, 3, ret_order->why, sizeof(ret_order->why));
	ret_order->ordered_ms = sqlite3_column_int64(statement, 4);
	ret_order->sent_ms = sqlite3_column_int64(statement, 5);
	ret_order->done_ms = sqlite3_column_int64(statement, 6);
	ret_order->withdrawn_ms = sqlite3_column_int64(statement, 7);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_order_receipt(struct store *store, int64_t device, uint64_t number,
	char ret_text[STORE_ORDER_RECEIPT_SIZE])
{
	sqlite3_stmt *statement = sqlite_statement(store, ORDER_RECEIPT);
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, (int64_t)number);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_text(statement, 0, ret_text, STORE_ORDER_RECEIPT_SIZE);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}
