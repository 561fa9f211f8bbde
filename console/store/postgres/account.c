/* SPDX-License-Identifier: Apache-2.0 */
/* What came of each boot, what did not, and sums. */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/postgres/postgres.h"

int postgres_account_add(
	struct store *store, int64_t device, const struct store_account *account, int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_ACCOUNT_ADD);

	pg_int(&call, device);
	pg_blob(&call, account->boot, sizeof(account->boot));
	pg_int(&call, (int64_t)account->first);
	pg_int(&call, (int64_t)account->last);
	pg_int(&call, (int64_t)account->delivered);
	pg_int(&call, (int64_t)account->coalesced);
	pg_int(&call, (int64_t)account->pruned);
	pg_int(&call, (int64_t)account->lost);
	pg_int(&call, (int64_t)account->missing);
	pg_int(&call, now_ms);
	pg_int(&call, (int64_t)account->unfit);
	return pg_run_any(&call);
}

int postgres_accounts(
	struct store *store, int64_t device, struct store_account *ret_accounts, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run_list(store, PG_ACCOUNT_LAST, device, most, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_account *account = &ret_accounts[i];

		pg_get_blob(&rows, i, 0, account->boot, sizeof(account->boot));
		account->first = (uint64_t)pg_get_int(&rows, i, 1);
		account->last = (uint64_t)pg_get_int(&rows, i, 2);
		account->delivered = (uint64_t)pg_get_int(&rows, i, 3);
		account->coalesced = (uint64_t)pg_get_int(&rows, i, 4);
		account->pruned = (uint64_t)pg_get_int(&rows, i, 5);
		account->lost = (uint64_t)pg_get_int(&rows, i, 6);
		account->missing = (uint64_t)pg_get_int(&rows, i, 7);
		account->begun_ms = pg_get_int(&rows, i, 8);
		account->last_ms = pg_get_int(&rows, i, 9);
		account->unfit = (uint64_t)pg_get_int(&rows, i, 10);
	}
	return pg_rows_count(r, &rows, most);
}

int postgres_tally_add(struct store *store, const struct store_tally *tally)
{
	struct pg_call call = pg_call(store, PG_TALLY_ADD);

	pg_int(&call, tally->device);
	pg_int(&call, tally->day);
	pg_int(&call, tally->class_uid);
	pg_int(&call, tally->verdict);
	pg_int(&call, (int64_t)tally->count);
	return pg_run_any(&call);
}

int postgres_tallies(struct store *store, int64_t since_day,
	bool (*visit)(const struct store_tally *tally, void *userdata), void *userdata)
{
	struct pg_call call = pg_call(store, PG_TALLY_SUMS);
	auto_rows rows = {0};
	int r;

	pg_int(&call, since_day);
	r = pg_run(&call, &rows);
	for (int i = 0; r == 0 && i < rows.count; i++) {
		const struct store_tally tally = {.day = pg_get_int(&rows, i, 0),
			.class_uid = (uint32_t)pg_get_int(&rows, i, 1),
			.verdict = (uint8_t)pg_get_int(&rows, i, 2),
			.count = (uint64_t)pg_get_int(&rows, i, 3)};

		if (!visit(&tally, userdata))
			break;
	}
	return r < 0 ? r : pg_rows_check(&rows);
}

int postgres_seal_used(struct store *store, int64_t device, int64_t made_ms)
{
	struct pg_call call = pg_call(store, PG_SEAL_USED);

	pg_int(&call, device);
	pg_int(&call, made_ms);
	return pg_run_any(&call);
}

int postgres_seal_waiting(struct store *store, int64_t replaced_ms, int64_t *ret_count)
{
	struct pg_call call = pg_call(store, PG_SEAL_WAITING);

	pg_int(&call, replaced_ms);
	return pg_run_number(&call, ret_count);
}

/* Goes up as findings come; what JSON's readers take as it is. No key: two consoles may have the same. */
static int64_t finding_id(void)
{
	static int64_t last;
	int64_t now_us = (int64_t)clock_day_ms() * 1000;

	last = now_us > last ? now_us : last + 1;
	return last;
}

int postgres_finding_add(struct store *store, const struct store_finding *finding)
{
	struct pg_call call = pg_call(store, PG_FINDING_ADD);

	pg_int(&call, finding->device);
	pg_int(&call, finding_id());
	pg_int(&call, finding->time_ms);
	pg_text(&call, finding->kind);
	pg_int(&call, (int64_t)finding->first);
	pg_int(&call, (int64_t)finding->last);
	pg_text(&call, finding->text);
	return pg_run_any(&call);
}

int postgres_findings(
	struct store *store, int64_t device, struct store_finding *ret_findings, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run_list(store, PG_FINDING_LAST, device, most, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_finding *finding = &ret_findings[i];

		finding->id = pg_get_int(&rows, i, 0);
		finding->device = pg_get_int(&rows, i, 1);
		finding->time_ms = pg_get_int(&rows, i, 2);
		pg_get_text(&rows, i, 3, finding->kind, sizeof(finding->kind));
		finding->first = (uint64_t)pg_get_int(&rows, i, 4);
		finding->last = (uint64_t)pg_get_int(&rows, i, 5);
		pg_get_text(&rows, i, 6, finding->text, sizeof(finding->text));
	}
	return pg_rows_count(r, &rows, most);
}

static int count_devices(struct store *store, struct store_totals *totals)
{
	struct pg_call call = pg_call(store, PG_DEVICE_COUNTS);
	auto_rows rows = {0};
	int r = pg_run(&call, &rows);

	for (int i = 0; r == 0 && i < rows.count; i++) {
		int64_t state = pg_get_int(&rows, i, 0);

		if (state >= 0 && state <= DEVICE_REVOKED)
			totals->devices[state] = pg_get_int(&rows, i, 1);
	}
	return r < 0 ? r : pg_rows_check(&rows);
}

/* How large the database is, its own administrators know: bytes stay 0. */
int postgres_totals(struct store *store, struct store_totals *ret_totals)
{
	struct store_totals totals = {0};
	struct store_place last;
	struct pg_call call;
	int r;

	r = count_devices(store, &totals);
	if (r == 0) /* no event is ever taken out: the last numbers are how many there are */
		r = postgres_event_last(store, &last);
	for (int lane = 0; r == 0 && lane < STORE_LANES; lane++)
		totals.events += last.last[lane] % STORE_LANE_EVENTS;
	if (r < 0)
		return r;
	call = pg_call(store, PG_FINDING_COUNT);
	r = pg_run_number(&call, &totals.findings);
	if (r < 0)
		return r;
	call = pg_call(store, PG_TOKEN_COUNT);
	pg_int(&call, (int64_t)clock_day_ms());
	r = pg_run_number(&call, &totals.tokens);
	if (r == 0)
		*ret_totals = totals;
	return r;
}
