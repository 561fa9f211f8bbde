/* SPDX-License-Identifier: Apache-2.0 */
/* How far outputs have come, and how they are set back. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "console/store/admin_server.h"
#include "console/store/export_server.h"

/* When the oldest event that waits happened, by its device's clock; 0 = none waits. */
static bool on_oldest(const struct store_found *found, void *userdata)
{
	*(int64_t *)userdata = found->time_ms;
	return false;
}

static int64_t oldest_after(struct service *service, const struct store_place *place)
{
	struct store_cursor cursor = {.is_upwards = true, .place = *place};
	const struct store_filter all = {0};
	int64_t time_ms = 0;

	/* what can't be read is said by those who read for the output */
	(void)store_events(service->reader, &all, &cursor, 1, on_oldest, &time_ms);
	return time_ms;
}

static void add_number(struct json_object *object, const char *name, int64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_int64(number));
}

/* Ids go up by one in each lane. */
static int64_t count_behind(const struct store_place *place, const struct store_place *last)
{
	int64_t count = 0;

	for (int lane = 0; lane < STORE_LANES; lane++) {
		int64_t first = place->last[lane] ? place->last[lane] : lane * STORE_LANE_EVENTS;

		count += last->last[lane] > first ? last->last[lane] - first : 0;
	}
	return count;
}

static void say_export(struct service *service, struct admin_client *client,
	const struct store_export *stored, const struct store_place *last)
{
	struct json_object *object = json_object_new_object();
	const struct store_export *row = stored;
	char place[STORE_PLACE_SIZE];
	struct export_live live;
	int64_t waiting, oldest;

	export_server_live(service->exports, stored->name, &live);
	if (live.is_connected)
		row = &live.row;
	waiting = count_behind(&row->place, last);
	oldest = waiting ? oldest_after(service, &row->place) : 0;
	(void)json_object_object_add(object, "name", json_object_new_string(row->name));
	(void)json_object_object_add(object, "running", json_object_new_boolean(live.is_connected));
	store_place_format(&row->place, place);
	(void)json_object_object_add(object, "place", json_object_new_string(place));
	add_number(object, "delivered", (int64_t)row->delivered);
	add_number(object, "moved", row->moved_ms);
	add_number(object, "waiting", waiting);
	add_number(object, "oldest", oldest);
	(void)json_object_object_add(object, "rewound", json_object_new_boolean(row->is_rewound));
	if (live.error[0]) {
		(void)json_object_object_add(object, "error", json_object_new_string(live.error));
		add_number(object, "error_since", live.error_since_ms);
	}
	admin_line(client, object);
}

void admin_exports(struct service *service, struct admin_client *client)
{
	static struct store_export rows[4 * EXPORT_OUTPUT_MAX]; /* those of earlier days, too */
	struct store_place last = {0};
	int count, r;

	r = store_event_last(service->reader, &last);
	count = r < 0 ? r : store_exports(service->reader, rows, sizeof(rows) / sizeof(rows[0]));
	if (count < 0) {
		admin_end(client, count, "the database cannot be read: %s", store_error(count));
		return;
	}
	for (int i = 0; i < count; i++)
		say_export(service, client, &rows[i], &last);
	admin_end(client, 0, "%s", "");
}

static int set_back(struct service *service, struct admin_client *client, struct store_export *row)
{
	char before[STORE_PLACE_SIZE], after[STORE_PLACE_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = "export rewound",
		.what = row->name,
		.before = before,
		.after = after,
		.time_ms = (int64_t)clock_day_ms()};
	int r = 0;

	store_place_format(&row->place, before);
	row->place = (struct store_place){0};
	if (client->request.since_ms)
		r = store_event_since(
			service->reader, (int64_t)client->request.since_ms, &row->place);
	if (r < 0)
		return r;
	row->is_rewound = true;
	store_place_format(&row->place, after);
	r = store_begin(service->writer);
	if (r == 0)
		r = store_export_set(service->writer, row);
	return audit_commit(service->writer, r, &act);
}

void admin_export_rewind(struct service *service, struct admin_client *client)
{
	struct store_export row;
	struct export_live live;
	int r;

	r = store_export_get(service->reader, client->request.name, &row);
	if (r == -ENOENT) {
		admin_end(client, r, "no output '%s' has ever run", client->request.name);
		return;
	}
	export_server_live(service->exports, client->request.name, &live);
	if (r == 0 && live.is_connected)
		row = live.row;
	if (r == 0)
		r = set_back(service, client, &row);
	if (r < 0) {
		admin_end(client, r, "it cannot be set back: %s",
			r == -EBUSY ? "another console runs it; say it there" : store_error(r));
		return;
	}
	export_server_drop(service->exports, row.name);
	admin_end(client, 0, "'%s' is set back: what happened since then is exported again",
		row.name);
}
