/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each output has come, and which console runs it: the one that holds the row, known by its
 * lane. Who does not hold it changes nothing, by the database's own clock.
 */
#include <errno.h>

#include "console/store/postgres/postgres.h"

static int read_many(struct pg_call *call, struct store_export *ret_exports, unsigned int most)
{
	char place[STORE_PLACE_SIZE];
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_export *export = &ret_exports[i];

		pg_get_text(&rows, i, 0, export->name, sizeof(export->name));
		pg_get_text(&rows, i, 1, place, sizeof(place));
		export->delivered = (uint64_t)pg_get_int(&rows, i, 2);
		export->moved_ms = pg_get_int(&rows, i, 3);
		export->is_rewound = pg_get_int(&rows, i, 4) != 0;
		r = pg_rows_check(&rows);
		if (r == 0 && store_place_parse(place, &export->place) < 0)
			r = -EBADMSG;
	}
	return r < 0 ? r : rows.count;
}

int postgres_export_get(struct store *store, const char *name, struct store_export *ret_export)
{
	struct pg_call call = pg_call(store, PG_EXPORT_GET);
	int count;

	pg_text(&call, name);
	count = read_many(&call, ret_export, 1);
	return count > 0 ? 0 : count < 0 ? count : -ENOENT;
}

int postgres_export_set(struct store *store, const struct store_export *export)
{
	struct pg_call call = pg_call(store, PG_EXPORT_SET);
	char place[STORE_PLACE_SIZE];
	int r;

	store_place_format(&export->place, place);
	pg_text(&call, export->name);
	pg_text(&call, place);
	pg_int(&call, (int64_t) export->delivered);
	pg_int(&call, export->moved_ms);
	pg_int(&call, export->is_rewound);
	pg_int(&call, postgres_of(store)->lane);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EBUSY : r;
}

int postgres_export_hold(struct store *store, const char *name, int64_t lease_ms)
{
	struct pg_call call = pg_call(store, PG_EXPORT_HOLD);
	int r;

	pg_text(&call, name);
	pg_int(&call, postgres_of(store)->lane);
	pg_int(&call, lease_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EBUSY : r;
}

int postgres_exports(struct store *store, struct store_export *ret_exports, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_EXPORT_LIST);

	pg_int(&call, most);
	return read_many(&call, ret_exports, most);
}

int postgres_event_since(struct store *store, int64_t since_ms, struct store_place *ret_place)
{
	struct store_place place;
	int r = postgres_event_last(store, &place);

	for (int lane = 1; lane < STORE_LANES && r == 0; lane++) {
		struct pg_call call;
		int64_t first = 0;

		if (!place.last[lane])
			continue;
		call = pg_call(store, PG_EVENT_SINCE);
		pg_int(&call, since_ms);
		pg_int(&call, lane * STORE_LANE_EVENTS);
		pg_int(&call, (lane + 1) * STORE_LANE_EVENTS - 1);
		r = pg_run_number(&call, &first);
		if (r == 0 && first)
			place.last[lane] = first - 1;
	}
	if (r == 0)
		*ret_place = place;
	return r;
}
