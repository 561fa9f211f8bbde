/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding events: one index leads, chosen by the filter; the rest of the filter is looked at row by
 * row, a bounded number at a call. By arrival it is looked at lane by lane (store.h), each up to what
 * was committed when the call began.
 */
#include <errno.h>
#include <string.h>

#include "console/store/match.h"
#include "console/store/postgres/postgres.h"

struct row {
	struct store_found found;
	int64_t record; /* its first sequence */
};

struct search {
	struct store *store;
	const struct store_filter *filter;
	struct store_cursor *cursor;
	unsigned int look, looked;
	bool (*visit)(const struct store_found *found, void *userdata);
	void *userdata;
	bool is_wanted;
};

/* User as text fits or does not: then the row is of none. */
static bool read_row(struct pg_rows *rows, int row, const char *user, struct row *ret_row)
{
	struct store_event *event = &ret_row->found.event;

	ret_row->found.id = pg_get_int(rows, row, 0);
	ret_row->found.device = pg_get_int(rows, row, 1);
	event->sequence = (uint64_t)pg_get_int(rows, row, 2);
	ret_row->found.time_ms = event->time_ms = pg_get_int(rows, row, 3);
	event->class_uid = (uint32_t)pg_get_int(rows, row, 4);
	event->activity_id = (uint32_t)pg_get_int(rows, row, 5);
	event->severity_id = (uint32_t)pg_get_int(rows, row, 6);
	event->verdict = (uint8_t)pg_get_int(rows, row, 7);
	pg_get_text(rows, row, 8, event->user, sizeof(event->user));
	ret_row->record = pg_get_int(rows, row, 9);
	event->start = (uint32_t)pg_get_int(rows, row, 10);
	event->size = (uint32_t)pg_get_int(rows, row, 11);
	ret_row->found.json = NULL;
	return !user[0] || !strcmp(user, event->user);
}

static int load_body(struct postgres_store *postgres, struct body_key key)
{
	struct pg_call call = pg_call(&postgres->store, PG_RECORD_BODY);
	auto_rows rows = {0};
	const void *packed;
	int64_t size;
	size_t packed_size;
	int r;

	pg_int(&call, key.a);
	pg_int(&call, key.b);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -EBADMSG;
	size = pg_get_int(&rows, 0, 0);
	packed = pg_get_bytes(&rows, 0, 1, &packed_size);
	if (rows.is_bad || size < 0 || size > UINT32_MAX)
		return -EBADMSG;
	return bodies_load(postgres->bodies, key, packed, packed_size, (size_t)size);
}

/* Sets the row's text; borrowed until another's is asked for. */
static int load_json(struct postgres_store *postgres, struct row *row)
{
	const struct store_event *event = &row->found.event;
	struct body_key key = {row->found.device, row->record};
	size_t size;
	const char *text = bodies_find(postgres->bodies, key, &size);
	int r;

	if (!text) {
		r = load_body(postgres, key);
		if (r < 0)
			return r;
		text = bodies_find(postgres->bodies, key, &size);
	}
	if (!text || event->start > size || event->size > size - event->start)
		return -EBADMSG;
	row->found.json = text + event->start;
	return 0;
}

/* Visits those that fit. */
static int look_at(struct search *search, struct pg_call *call)
{
	struct postgres_store *postgres = postgres_of(search->store);
	auto_rows rows = {0};
	struct row row;
	int r = pg_run(call, &rows);

	for (int i = 0; r == 0 && i < rows.count && search->is_wanted; i++) {
		bool is_users = read_row(&rows, i, search->filter->user, &row);

		r = pg_rows_check(&rows);
		if (r < 0)
			return r;
		search->cursor->time_ms = row.found.time_ms;
		search->cursor->id = row.found.id;
		if (search->cursor->is_upwards)
			search->cursor->place.last[row.found.id / STORE_LANE_EVENTS] = row.found.id;
		search->looked++;
		if (!is_users || !match_row(&row.found, search->filter))
			continue;
		r = load_json(postgres, &row);
		if (r == 0 && match_text(&row.found, search->filter))
			search->is_wanted = search->visit(&row.found, search->userdata);
	}
	return r;
}

/* The index that leads to the fewest rows, as far as that can be known. */
static enum postgres_statement choose(const struct store_filter *filter)
{
	if (filter->device)
		return PG_EVENT_BY_DEVICE;
	if (filter->user[0])
		return PG_EVENT_BY_PERSON;
	if (filter->verdict_min >= STORE_WARN)
		return PG_EVENT_REFUSED;
	return filter->class_uid ? PG_EVENT_BY_CLASS : PG_EVENT_BY_TIME;
}

static int look_down(struct search *search)
{
	const struct store_filter *filter = search->filter;
	enum postgres_statement which = choose(filter);
	struct pg_call call = pg_call(search->store, which);

	if (!search->cursor->is_begun) {
		search->cursor->time_ms = filter->until_ms ? filter->until_ms : STORE_NO_TIME;
		search->cursor->id = filter->until_ms ? 0 : INT64_MAX;
	}
	search->cursor->is_begun = true;
	pg_int(&call, search->cursor->time_ms);
	pg_int(&call, search->cursor->id);
	pg_int(&call, filter->since_ms);
	pg_int(&call, search->look);
	if (which == PG_EVENT_BY_DEVICE)
		pg_int(&call, filter->device);
	else if (which == PG_EVENT_BY_PERSON)
		pg_text(&call, filter->user);
	else if (which == PG_EVENT_BY_CLASS)
		pg_int(&call, filter->class_uid);
	return look_at(search, &call);
}

static int look_up(struct search *search)
{
	struct store_place *place = &search->cursor->place;
	struct store_place last;
	int r;

	r = postgres_event_last(search->store, &last);
	for (int lane = 1; lane < STORE_LANES && r == 0; lane++) {
		struct pg_call call;

		if (last.last[lane] <= place->last[lane] || !search->is_wanted ||
			search->looked >= search->look)
			continue;
		if (place->last[lane] < lane * STORE_LANE_EVENTS) /* of a place without this lane */
			place->last[lane] = lane * STORE_LANE_EVENTS;
		call = pg_call(search->store, PG_EVENT_AFTER);
		pg_int(&call, place->last[lane]);
		pg_int(&call, last.last[lane]);
		pg_int(&call, search->look - search->looked);
		r = look_at(search, &call);
	}
	return r;
}

int postgres_events(struct store *store, const struct store_filter *filter,
	struct store_cursor *cursor, unsigned int look,
	bool (*visit)(const struct store_found *found, void *userdata), void *userdata)
{
	struct search search = {store, filter, cursor, look, 0, visit, userdata, true};
	int r = cursor->is_upwards ? look_up(&search) : look_down(&search);

	if (r < 0)
		return r;
	return !search.is_wanted || search.looked >= look;
}

int postgres_event_last(struct store *store, struct store_place *ret_place)
{
	struct pg_call call = pg_call(store, PG_LANE_ALL);
	struct store_place place = {0};
	auto_rows rows = {0};
	int r = pg_run(&call, &rows);

	for (int i = 0; r == 0 && i < rows.count; i++) {
		int64_t lane = pg_get_int(&rows, i, 0), last = pg_get_int(&rows, i, 1);

		if (lane < 1 || lane >= STORE_LANES || last < 0 || last >= STORE_LANE_EVENTS)
			return -EBADMSG;
		place.last[lane] = lane * STORE_LANE_EVENTS + last;
	}
	if (r == 0)
		r = pg_rows_check(&rows);
	if (r == 0)
		*ret_place = place;
	return r;
}
