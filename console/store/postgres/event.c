/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records and their events, as they are put in: they wait in memory and are copied in bulk before
 * the commit. The console's row of `lane` is locked from the first one on, so that ids go up as
 * transactions are committed, also if two consoles have the same name. Searching is search.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "console/store/postgres/postgres.h"

static int find_lane(struct postgres_store *postgres, const char *name)
{
	struct pg_call call = pg_call(&postgres->store, PG_LANE_FIND);

	pg_text(&call, name);
	return pg_run_number(&call, &postgres->lane);
}

/* FNV-1a: when there are more names than lanes, some share one. */
static int64_t lane_of_many(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return 1 + hash % (STORE_LANES - 1);
}

int postgres_lane_take(struct postgres_store *postgres, const char *name)
{
	int r = find_lane(postgres, name);

	for (unsigned int i = 0; r == -ENOENT && i < STORE_LANES; i++) {
		struct pg_call call = pg_call(&postgres->store, PG_LANE_ADD);

		pg_text(&call, name);
		pg_int(&call, STORE_LANES);
		r = pg_run_any(&call); /* another console may take the same one at this moment */
		if (r == 0)
			r = find_lane(postgres, name);
	}
	if (r == -ENOENT) {
		postgres->lane = lane_of_many(name);
		return 0;
	}
	if (r == 0 && (postgres->lane < 1 || postgres->lane >= STORE_LANES))
		return -EBADMSG;
	return r;
}

void postgres_forget(struct postgres_store *postgres)
{
	copy_clear(&postgres->records);
	copy_clear(&postgres->events);
	postgres->pending_count = 0;
	postgres->last = -1;
	postgres->is_marked = postgres->is_mark_sent = false;
}

void postgres_cut(struct postgres_store *postgres)
{
	postgres->records.size = postgres->mark_records;
	postgres->events.size = postgres->mark_events;
	postgres->pending_count = postgres->mark_pending;
	if (postgres->mark_last >= 0) /* else: locked since, and what was read then holds */
		postgres->last = postgres->mark_last;
}

static int copy_all(
	struct postgres_store *postgres, enum postgres_statement which, struct copy_buffer *buffer)
{
	int r;

	if (!buffer->size)
		return 0;
	r = copy_end(buffer);
	if (r == 0)
		r = pg_copy(postgres->connection, which, buffer->bytes, buffer->size);
	copy_clear(buffer);
	return r;
}

int postgres_flush(struct postgres_store *postgres)
{
	struct pg_call call;
	int r;

	if (!postgres->pending_count)
		return 0;
	r = copy_all(postgres, PG_RECORD_COPY, &postgres->records);
	if (r == 0)
		r = copy_all(postgres, PG_EVENT_COPY, &postgres->events);
	postgres->pending_count = 0;
	if (r < 0)
		return r;
	call = pg_call(&postgres->store, PG_LANE_SET);
	pg_int(&call, postgres->lane);
	pg_int(&call, postgres->last);
	return pg_run_one(&call);
}

static int lock_lane(struct postgres_store *postgres)
{
	struct pg_call call = pg_call(&postgres->store, PG_LANE_LOCK);
	int r;

	if (postgres->last >= 0)
		return 0;
	pg_int(&call, postgres->lane);
	r = pg_run_number(&call, &postgres->last);
	if (r == 0 && (postgres->last < 0 || postgres->last >= STORE_LANE_EVENTS))
		r = -EBADMSG;
	return r;
}

static int remember(struct postgres_store *postgres, const struct store_record *record)
{
	struct postgres_pending *pending;

	if (postgres->pending_count == postgres->pending_room) {
		unsigned int room = postgres->pending_room ? 2 * postgres->pending_room : 256;

		pending = realloc(postgres->pending, room * sizeof(*pending));
		if (!pending)
			return -ENOMEM;
		postgres->pending = pending;
		postgres->pending_room = room;
	}
	pending = &postgres->pending[postgres->pending_count++];
	pending->device = record->device;
	pending->first = record->first;
	memcpy(pending->link, record->link, sizeof(pending->link));
	return 0;
}

static int put_record(struct postgres_store *postgres, const struct store_record *record)
{
	struct copy_buffer *to = &postgres->records;
	const void *body = "";
	size_t packed = 0;
	int r = 0;

	if (record->size)
		r = bodies_pack(postgres->bodies, record, &body, &packed);
	if (r == 0)
		r = copy_row(to, 6, 4 * sizeof(int64_t) + sizeof(record->link) + packed);
	if (r < 0)
		return r;
	copy_int8(to, record->device);
	copy_int8(to, (int64_t)record->first);
	copy_int8(to, record->count);
	copy_bytes(to, record->link, sizeof(record->link));
	copy_int8(to, (int64_t)record->size);
	copy_bytes(to, body, packed);
	return 0;
}

static int put_event(struct postgres_store *postgres, const struct store_record *record,
	const struct store_event *event)
{
	struct copy_buffer *to = &postgres->events;
	char user[sizeof(event->user)];
	size_t name;
	int r;

	/* one that is no text would fail all that is copied with it */
	if (pg_is_utf8(event->user))
		memcpy(user, event->user, sizeof(user));
	else
		(void)text_clean(user, sizeof(user), event->user); /* cut */
	name = strlen(user);
	r = copy_row(to, 12, 5 * sizeof(int64_t) + 6 * sizeof(uint32_t) + name);
	if (r < 0)
		return r;
	copy_int8(to, record->device);
	copy_int8(to, (int64_t)event->sequence);
	copy_int8(to, postgres->lane * STORE_LANE_EVENTS + ++postgres->last);
	copy_int8(to, event->time_ms);
	copy_int4(to, event->class_uid);
	copy_int4(to, event->activity_id);
	copy_int4(to, event->severity_id);
	copy_int2(to, event->verdict);
	copy_bytes(to, user, name);
	copy_int8(to, (int64_t)record->first);
	copy_int4(to, event->start);
	copy_int4(to, event->size);
	return 0;
}

int postgres_record_add(struct store *store, const struct store_record *record)
{
	struct postgres_store *postgres = postgres_of(store);
	int r;

	r = lock_lane(postgres);
	if (r == 0)
		r = put_record(postgres, record);
	for (unsigned int i = 0; i < record->event_count && r == 0; i++)
		r = put_event(postgres, record, &record->events[i]);
	return r < 0 ? r : remember(postgres, record);
}

int postgres_record_link(
	struct store *store, int64_t device, uint64_t first, uint8_t ret_link[CONSOLE_HASH_SIZE])
{
	struct postgres_store *postgres = postgres_of(store);
	struct pg_call call;
	auto_rows rows = {0};
	int r;

	for (unsigned int i = postgres->pending_count; i-- > 0;) { /* what waits is not there yet */
		const struct postgres_pending *pending = &postgres->pending[i];

		if (pending->device != device || pending->first != first)
			continue;
		memcpy(ret_link, pending->link, CONSOLE_HASH_SIZE);
		return 0;
	}
	call = pg_call(store, PG_RECORD_LINK);
	pg_int(&call, device);
	pg_int(&call, (int64_t)first);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_blob(&rows, 0, 0, ret_link, CONSOLE_HASH_SIZE);
	return pg_rows_check(&rows);
}
