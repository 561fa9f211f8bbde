/* SPDX-License-Identifier: Apache-2.0 */
/* What devices were given of policies, and what they said of it. */
#include <errno.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

int sqlite_receipt_sent(struct store *store, int64_t device, uint64_t version, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, RECEIPT_SENT);

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, (int64_t)version);
	sql_bind(statement, 3, now_ms);
	return sql_run(statement);
}

int sqlite_receipt_applied(struct store *store, int64_t device, const struct store_receipt *receipt)
{
	sqlite3_stmt *statement = sqlite_statement(store, RECEIPT_APPLIED);

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, (int64_t)receipt->applied);
	sql_bind_text(statement, 3, receipt->digest);
	sql_bind_text(statement, 4, receipt->mode);
	sql_bind(statement, 5, receipt->applied_ms);
	return sql_run(statement);
}

int sqlite_receipt_refused(struct store *store, int64_t device, const char *code, int64_t time_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, RECEIPT_REFUSED);

	sql_bind(statement, 1, device);
	sql_bind_text(statement, 2, code);
	sql_bind(statement, 3, time_ms);
	return sql_run(statement);
}

int sqlite_receipt(struct store *store, int64_t device, struct store_receipt *ret_receipt)
{
	sqlite3_stmt *statement = sqlite_statement(store, RECEIPT_GET);
	int r;

	sql_bind(statement, 1, device);
	r = sql_step(statement);
	if (r < 0)
		return r;
	*ret_receipt = (struct store_receipt){0};
	if (r == 0)
		return 0;
	ret_receipt->sent = (uint64_t)sqlite3_column_int64(statement, 0);
	ret_receipt->sent_ms = sqlite3_column_int64(statement, 1);
	ret_receipt->applied = (uint64_t)sqlite3_column_int64(statement, 2);
	sql_column_text(statement, 3, ret_receipt->digest, sizeof(ret_receipt->digest));
	sql_column_text(statement, 4, ret_receipt->mode, sizeof(ret_receipt->mode));
	ret_receipt->applied_ms = sqlite3_column_int64(statement, 5);
	ret_receipt->refused = (uint64_t)sqlite3_column_int64(statement, 6);
	sql_column_text(statement, 7, ret_receipt->code, sizeof(ret_receipt->code));
	ret_receipt->refused_ms = sqlite3_column_int64(statement, 8);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_fleet(struct store *store,
	bool (*visit)(const struct store_fleet *fleet, void *userdata), void *userdata)
{
	sqlite3_stmt *statement = sqlite_statement(store, FLEET);
	struct store_fleet fleet;
	int r;

	while ((r = sql_step(statement)) > 0) {
		fleet.device = sqlite3_column_int64(statement, 0);
		sql_column_blob(statement, 1, fleet.uid, sizeof(fleet.uid));
		fleet.applied = (uint64_t)sqlite3_column_int64(statement, 2);
		fleet.refused = (uint64_t)sqlite3_column_int64(statement, 3);
		sql_column_text(statement, 4, fleet.code, sizeof(fleet.code));
		if (!visit(&fleet, userdata))
			break;
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return r < 0 ? r : 0;
}
