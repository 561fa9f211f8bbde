/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding events: one index leads, chosen by the filter; the rest of the filter is looked at row by
 * row, a bounded number at a call. Which of all texts have a word in them is asked in order of
 * arrival, where events whose texts are packed together lie together.
 */
#include <errno.h>

#include "console/store/match.h"
#include "console/store/sqlite/sqlite.h"

/* Rows of the EVENT_* statements. */
struct row {
	struct store_found found;
	int64_t person, record;
	size_t text_size;
};

static void read_row(sqlite3_stmt *statement, struct row *ret_row)
{
	struct store_event *event = &ret_row->found.event;

	ret_row->found.id = sqlite3_column_int64(statement, 0);
	ret_row->found.device = sqlite3_column_int64(statement, 1);
	event->sequence = (uint64_t)sqlite3_column_int64(statement, 2);
	ret_row->found.time_ms = event->time_ms = sqlite3_column_int64(statement, 3);
	event->class_uid = (uint32_t)sqlite3_column_int(statement, 4);
	event->activity_id = (uint32_t)sqlite3_column_int(statement, 5);
	event->severity_id = (uint32_t)sqlite3_column_int(statement, 6);
	event->verdict = (uint8_t)sqlite3_column_int(statement, 7);
	ret_row->person = sqlite3_column_int64(statement, 8);
	ret_row->record = sqlite3_column_int64(statement, 9);
	event->start = (uint32_t)sqlite3_column_int64(statement, 10);
	event->size = (uint32_t)sqlite3_column_int64(statement, 11);
	event->user[0] = '\0';
	ret_row->found.json = NULL;
}

/* Sets the row's text; borrowed until another's is asked for. */
static int json_load(struct store *store, struct row *row)
{
	const struct store_event *event = &row->found.event;
	struct bodies *bodies = sqlite_of(store)->bodies;
	struct body_key key = {row->record, 0};
	const char *text = bodies_find(bodies, key, &row->text_size);
	sqlite3_stmt *statement = sqlite_statement(store, RECORD_BODY);
	int r;

	if (!text) {
		sql_bind(statement, 1, row->record);
		r = sql_step(statement);
		if (r <= 0)
			return r < 0 ? r : -EBADMSG;
		r = bodies_load(bodies, key, sqlite3_column_blob(statement, 1),
			(size_t)sqlite3_column_bytes(statement, 1),
			(size_t)sqlite3_column_int64(statement, 0));
		(void)sqlite3_reset(statement); /* of a row that was there */
		if (r < 0)
			return r;
		text = bodies_find(bodies, key, &row->text_size);
	}
	if (!text || event->start > row->text_size || event->size > row->text_size - event->start)
		return -EBADMSG;
	row->found.json = text + event->start;
	return 0;
}

/* 1 = it fits and its text is there. */
static int look(
	struct store *store, const struct store_filter *filter, int64_t person, struct row *row)
{
	int r;

	if (!match_row(&row->found, filter) || (person && person != row->person))
		return 0;
	r = json_load(store, row);
	if (r < 0)
		return r;
	return match_text(&row->found, filter);
}

/* The index that leads to the fewest rows, as far as that can be known. */
static enum statement choose(const struct store_filter *filter, bool is_upwards)
{
	if (is_upwards)
		return EVENT_AFTER;
	if (filter->device)
		return EVENT_BY_DEVICE;
	if (filter->user[0])
		return EVENT_BY_PERSON;
	if (filter->verdict_min >= STORE_WARN)
		return EVENT_REFUSED;
	if ((filter->text[0] || filter->file[0]) && !filter->since_ms)
		return EVENT_BEFORE;
	return filter->class_uid ? EVENT_BY_CLASS : EVENT_BY_TIME;
}

static sqlite3_stmt *begin_search(struct store *store, const struct store_filter *filter,
	int64_t person, struct store_cursor *cursor, unsigned int most)
{
	enum statement which = choose(filter, cursor->is_upwards);
	sqlite3_stmt *statement = sqlite_statement(store, which);

	if (!cursor->is_begun && !cursor->is_upwards) {
		cursor->time_ms = filter->until_ms ? filter->until_ms : STORE_NO_TIME;
		cursor->id = which == EVENT_BEFORE ? INT64_MAX : filter->until_ms ? 0 : INT64_MAX;
	}
	cursor->is_begun = true;
	if (which == EVENT_AFTER || which == EVENT_BEFORE) {
		sql_bind(statement, 1, which == EVENT_AFTER ? cursor->place.last[0] : cursor->id);
		sql_bind(statement, 2, most);
		return statement;
	}
	sql_bind(statement, 1, cursor->time_ms);
	sql_bind(statement, 2, cursor->id);
	sql_bind(statement, 3, filter->since_ms);
	sql_bind(statement, 4, most);
	if (which == EVENT_BY_DEVICE)
		sql_bind(statement, 5, filter->device);
	else if (which == EVENT_BY_PERSON)
		sql_bind(statement, 5, person);
	else if (which == EVENT_BY_CLASS)
		sql_bind(statement, 5, filter->class_uid);
	return statement;
}

static int person_of(struct store *store, const char *name, int64_t *ret_person)
{
	sqlite3_stmt *statement = sqlite_statement(store, PERSON_FIND);

	*ret_person = 0;
	if (!name[0])
		return 0;
	sql_bind_text(statement, 1, name);
	return sql_number(statement, ret_person);
}

int sqlite_events(struct store *store, const struct store_filter *filter,
	struct store_cursor *cursor, unsigned int look_most,
	bool (*visit)(const struct store_found *found, void *userdata), void *userdata)
{
	sqlite3_stmt *statement;
	unsigned int looked = 0;
	bool is_wanted = true;
	int64_t person;
	struct row row;
	int r;

	r = person_of(store, filter->user, &person);
	if (r < 0)
		return r == -ENOENT ? 0 : r; /* nobody of that name ever did anything */
	statement = begin_search(store, filter, person, cursor, look_most);
	while (is_wanted && (r = sql_step(statement)) > 0) {
		read_row(statement, &row);
		cursor->time_ms = row.found.time_ms;
		cursor->id = row.found.id;
		if (cursor->is_upwards)
			cursor->place.last[0] = row.found.id;
		looked++;
		r = look(store, filter, person, &row);
		if (r < 0)
			break;
		if (r > 0)
			is_wanted = visit(&row.found, userdata);
	}
	(void)sqlite3_reset(statement); /* the code is in r */
	if (r < 0)
		return r;
	return !is_wanted || looked == look_most;
}

int sqlite_event_last(struct store *store, struct store_place *ret_place)
{
	*ret_place = (struct store_place){0};
	return sql_number(sqlite_statement(store, EVENT_LAST), &ret_place->last[0]);
}
