/* SPDX-License-Identifier: Apache-2.0 */
/* What came of each boot, what did not, and sums. */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/sqlite/sqlite.h"

int sqlite_account_add(
	struct store *store, int64_t device, const struct store_account *account, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, ACCOUNT_ADD);

	sql_bind(statement, 1, device);
	sql_bind_blob(statement, 2, account->boot, sizeof(account->boot));
	sql_bind(statement, 3, (int64_t)account->first);
	sql_bind(statement, 4, (int64_t)account->last);
	sql_bind(statement, 5, (int64_t)account->delivered);
	sql_bind(statement, 6, (int64_t)account->coalesced);
	sql_bind(statement, 7, (int64_t)account->pruned);
	sql_bind(statement, 8, (int64_t)account->lost);
	sql_bind(statement, 9, (int64_t)account->missing);
	sql_bind(statement, 10, now_ms);
	sql_bind(statement, 11, (int64_t)account->unfit);
	return sql_run(statement);
}

int sqlite_accounts(
	struct store *store, int64_t device, struct store_account *ret_accounts, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, ACCOUNT_LAST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		struct store_account *account = &ret_accounts[count++];

		if (r < 0)
			return r;
		sql_column_blob(statement, 0, account->boot, sizeof(account->boot));
		account->first = (uint64_t)sqlite3_column_int64(statement, 1);
		account->last = (uint64_t)sqlite3_column_int64(statement, 2);
		account->delivered = (uint64_t)sqlite3_column_int64(statement, 3);
		account->coalesced = (uint64_t)sqlite3_column_int64(statement, 4);
		account->pruned = (uint64_t)sqlite3_column_int64(statement, 5);
		account->lost = (uint64_t)sqlite3_column_int64(statement, 6);
		account->missing = (uint64_t)sqlite3_column_int64(statement, 7);
		account->begun_ms = sqlite3_column_int64(statement, 8);
		account->last_ms = sqlite3_column_int64(statement, 9);
		account->unfit = (uint64_t)sqlite3_column_int64(statement, 10);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_tally_add(struct store *store, const struct store_tally *tally)
{
	sqlite3_stmt *statement = sqlite_statement(store, TALLY_ADD);

	sql_bind(statement, 1, tally->device);
	sql_bind(statement, 2, tally->day);
	sql_bind(statement, 3, tally->class_uid);
	sql_bind(statement, 4, tally->verdict);
	sql_bind(statement, 5, (int64_t)tally->count);
	return sql_run(statement);
}

int sqlite_tallies(struct store *store, int64_t since_day,
	bool (*visit)(const struct store_tally *tally, void *userdata), void *userdata)
{
	sqlite3_stmt *statement = sqlite_statement(store, TALLY_SUMS);
	bool is_wanted = true;
	int r = 0;

	sql_bind(statement, 1, since_day);
	while (is_wanted && (r = sql_step(statement)) > 0) {
		const struct store_tally tally = {.day = sqlite3_column_int64(statement, 0),
			.class_uid = (uint32_t)sqlite3_column_int64(statement, 1),
			.verdict = (uint8_t)sqlite3_column_int(statement, 2),
			.count = (uint64_t)sqlite3_column_int64(statement, 3)};

		is_wanted = visit(&tally, userdata);
	}
	(void)sqlite3_reset(statement); /* the code is in r */
	return r < 0 ? r : 0;
}

int sqlite_seal_used(struct store *store, int64_t device, int64_t made_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, SEAL_USED);

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, made_ms);
	return sql_run(statement);
}

int sqlite_seal_waiting(struct store *store, int64_t replaced_ms, int64_t *ret_count)
{
	sqlite3_stmt *statement = sqlite_statement(store, SEAL_WAITING);

	sql_bind(statement, 1, replaced_ms);
	return sql_number(statement, ret_count);
}

int sqlite_finding_add(struct store *store, const struct store_finding *finding)
{
	sqlite3_stmt *statement = sqlite_statement(store, FINDING_ADD);

	sql_bind(statement, 1, finding->device);
	sql_bind(statement, 2, finding->time_ms);
	sql_bind_text(statement, 3, finding->kind);
	sql_bind(statement, 4, (int64_t)finding->first);
	sql_bind(statement, 5, (int64_t)finding->last);
	sql_bind_text(statement, 6, finding->text);
	return sql_run(statement);
}

int sqlite_findings(
	struct store *store, int64_t device, struct store_finding *ret_findings, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, FINDING_LAST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		struct store_finding *finding = &ret_findings[count++];

		if (r < 0)
			return r;
		finding->id = sqlite3_column_int64(statement, 0);
		finding->device = sqlite3_column_int64(statement, 1);
		finding->time_ms = sqlite3_column_int64(statement, 2);
		sql_column_text(statement, 3, finding->kind, sizeof(finding->kind));
		finding->first = (uint64_t)sqlite3_column_int64(statement, 4);
		finding->last = (uint64_t)sqlite3_column_int64(statement, 5);
		sql_column_text(statement, 6, finding->text, sizeof(finding->text));
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

static int count_devices(struct store *store, struct store_totals *totals)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_COUNTS);
	int r;

	while ((r = sql_step(statement)) > 0) {
		int state = sqlite3_column_int(statement, 0);

		if (state >= 0 && state <= DEVICE_REVOKED)
			totals->devices[state] = sqlite3_column_int64(statement, 1);
	}
	return r;
}

int sqlite_totals(struct store *store, struct store_totals *ret_totals)
{
	struct store_totals totals = {0};
	struct store_place last;
	sqlite3_stmt *statement;
	int r;

	r = count_devices(store, &totals);
	if (r == 0) /* no event is ever taken out: the last number is how many there are */
		r = sqlite_event_last(store, &last);
	totals.events = r == 0 ? last.last[0] : 0;
	if (r == 0)
		r = sql_number(sqlite_statement(store, FINDING_COUNT), &totals.findings);
	statement = sqlite_statement(store, TOKEN_COUNT);
	sql_bind(statement, 1, (int64_t)clock_day_ms());
	if (r == 0)
		r = sql_number(statement, &totals.tokens);
	if (r == 0)
		r = sql_number(sqlite_statement(store, DATABASE_BYTES), &totals.bytes);
	if (r < 0)
		return r;
	*ret_totals = totals;
	return 0;
}
