/* SPDX-License-Identifier: Apache-2.0 */
/* Records and their events, as they are put in. Searching is search.c's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

void sqlite_persons_forget(struct store *store)
{
	memset(sqlite_of(store)->persons, 0, sizeof(sqlite_of(store)->persons));
}

/* FNV-1a: only where in the table a name is. */
static unsigned int slot_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash % SQLITE_PERSON_SLOTS;
}

static int person_find(struct store *store, const char *name, int64_t *ret_id)
{
	sqlite3_stmt *statement = sqlite_statement(store, PERSON_FIND);
	int r;

	sql_bind_text(statement, 1, name);
	r = sql_number(statement, ret_id);
	if (r != -ENOENT || !store->is_writing)
		return r;
	statement = sqlite_statement(store, PERSON_ADD);
	sql_bind_text(statement, 1, name);
	r = sql_run(statement);
	if (r < 0)
		return r;
	*ret_id = sqlite3_last_insert_rowid(sqlite_of(store)->sqlite);
	return 0;
}

/* The number of a user's name; 0 = no name. */
static int person_number(struct store *store, const char *name, int64_t *ret_id)
{
	struct sqlite_person *person = &sqlite_of(store)->persons[slot_of(name)];
	int r;

	*ret_id = 0;
	if (!name[0])
		return 0;
	if (person->id && !strcmp(person->name, name)) {
		*ret_id = person->id;
		return 0;
	}
	r = person_find(store, name, ret_id);
	if (r < 0)
		return r;
	person->id = *ret_id;
	(void)snprintf(person->name, sizeof(person->name), "%s", name); /* names are no longer */
	return 0;
}

/* row: which of the statement's, from 0. */
static int bind_event(struct store *store, sqlite3_stmt *statement, unsigned int row,
	const struct store_record *record, int64_t number, const struct store_event *event)
{
	int at = (int)(row * SQLITE_EVENT_COLUMNS);
	int64_t person;
	int r;

	r = person_number(store, event->user, &person);
	if (r < 0)
		return r;
	sql_bind(statement, ++at, record->device);
	sql_bind(statement, ++at, (int64_t)event->sequence);
	sql_bind(statement, ++at, event->time_ms);
	sql_bind(statement, ++at, event->class_uid);
	sql_bind(statement, ++at, event->activity_id);
	sql_bind(statement, ++at, event->severity_id);
	sql_bind(statement, ++at, event->verdict);
	sql_bind(statement, ++at, person);
	sql_bind(statement, ++at, number);
	sql_bind(statement, ++at, event->start);
	sql_bind(statement, ++at, event->size);
	return 0;
}

static int add_events(struct store *store, const struct store_record *record, int64_t number)
{
	unsigned int done = 0;
	int r;

	while (done < record->event_count) {
		bool is_many = record->event_count - done >= SQLITE_EVENT_MANY;
		unsigned int count = is_many ? SQLITE_EVENT_MANY : 1;
		sqlite3_stmt *statement = sqlite_statement(
			store, is_many ? EVENT_ADD_MANY : EVENT_ADD);

		for (unsigned int i = 0; i < count; i++) {
			r = bind_event(
				store, statement, i, record, number, &record->events[done + i]);
			if (r < 0)
				return r;
		}
		r = sql_step(statement);
		if (r < 0)
			return r;
		done += count;
	}
	return 0;
}

int sqlite_record_add(struct store *store, const struct store_record *record)
{
	sqlite3_stmt *statement;
	const void *body = "";
	size_t packed = 0;
	int64_t number;
	int r = 0;

	if (record->size)
		r = bodies_pack(sqlite_of(store)->bodies, record, &body, &packed);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, RECORD_ADD);
	sql_bind(statement, 1, record->device);
	sql_bind(statement, 2, (int64_t)record->first);
	sql_bind(statement, 3, record->count);
	sql_bind_blob(statement, 4, record->link, sizeof(record->link));
	sql_bind(statement, 5, (int64_t)record->size);
	sql_bind_blob_borrowed(statement, 6, body, packed);
	r = sql_run(statement);
	if (r < 0)
		return r;
	number = sqlite3_last_insert_rowid(sqlite_of(store)->sqlite);
	return add_events(store, record, number);
}

int sqlite_record_link(
	struct store *store, int64_t device, uint64_t first, uint8_t ret_link[CONSOLE_HASH_SIZE])
{
	sqlite3_stmt *statement = sqlite_statement(store, RECORD_LINK);
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, (int64_t)first);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_blob(statement, 0, ret_link, CONSOLE_HASH_SIZE);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}
