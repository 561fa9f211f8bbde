/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for administrators: newest first as many as they want, or from the first one on when they
 * want all; then those that come. A search goes on in pieces between other work.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "console/store/admin_server.h"

static bool set_verdict(struct store_filter *filter, const char *word)
{
	static const struct {
		const char *word;
		uint8_t min, max;
	} rows[] = {
		{"", 0, 0},
		{"allow", STORE_ALLOW, STORE_ALLOW},
		{"audit", STORE_AUDIT, STORE_AUDIT},
		{"warn", STORE_WARN, STORE_WARN},
		{"block", STORE_BLOCK, STORE_BLOCK},
		{"refused", STORE_WARN, STORE_BLOCK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].word, word)) {
			filter->verdict_min = rows[i].min;
			filter->verdict_max = rows[i].max;
			return true;
		}
	return false;
}

void admin_events_begin(struct service *service, struct admin_client *client)
{
	const struct admin_request *request = &client->request;
	struct store_filter *filter = &client->filter;
	struct store_device device = {0};
	int r;

	if (request->device[0] && !admin_find_device(service, client, &device))
		return;
	*filter = (struct store_filter){.device = device.id,
		.class_uid = request->class_uid,
		.since_ms = (int64_t)request->since_ms,
		.until_ms = (int64_t)request->until_ms};
	if (!set_verdict(filter, request->verdict)) {
		admin_end(client, -EINVAL, "'%s' is no verdict", request->verdict);
		return;
	}
	(void)text_clean(filter->user, sizeof(filter->user), request->user); /* as it is stored */
	memcpy(filter->text, request->text, sizeof(filter->text));
	memcpy(filter->file, request->file, sizeof(filter->file));
	r = store_event_last(service->reader, &client->last);
	if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	client->cursor.is_upwards = request->limit == 0 || request->name[0];
	if (r == 0 && request->name[0] &&
		store_place_parse(request->name, &client->cursor.place) < 0)
		admin_end(client, -EINVAL, "'%s' is no place: take the one that was said last",
			request->name);
}

/* The event's own text goes in as it is: it was parsed before it was stored. */
static void say_event(struct admin_client *client, const struct store_found *found,
	const struct store_device *device)
{
	static char line[ANSWER_LINE_MAX];
	struct json_object *object = json_object_new_object();
	char uid[UUID_TEXT_SIZE];
	const char *head;
	int size;

	uuid_format(device->uid, uid);
	(void)json_object_object_add(object, "id", json_object_new_int64(found->id));
	(void)json_object_object_add(object, "device", json_object_new_string(uid));
	(void)json_object_object_add(object, "host", json_object_new_string(device->host));
	(void)json_object_object_add(
		object, "sequence", json_object_new_uint64(found->event.sequence));
	head = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size = snprintf(line, sizeof(line), "%.*s,\"event\":%.*s}", (int)strlen(head) - 1, head,
		(int)found->event.size, found->json);
	if (size > 0 && (size_t)size < sizeof(line)) {
		admin_text(client, line);
		(void)json_object_put(object); /* freed */
		return;
	}
	(void)json_object_object_add(object, "time", json_object_new_int64(found->time_ms));
	(void)json_object_object_add(object, "too_large", json_object_new_boolean(true));
	admin_line(client, object);
}

struct page {
	struct service *service;
	struct admin_client *client;
};

static bool on_found(const struct store_found *found, void *userdata)
{
	struct page *page = userdata;
	struct admin_client *client = page->client;
	struct store_device device = {0};

	if (!client->is_following && store_place_is_before(&client->last, found->id))
		return true; /* came meanwhile: said when following */
	(void)store_device_by_id(
		page->service->reader, found->device, &device); /* nameless, then */
	say_event(client, found, &device);
	if (client->left && !client->is_following && --client->left == 0)
		return false;
	return client->channel.queued_bytes < ADMIN_QUEUE_HIGH;
}

static bool on_event(const struct store_found *found, void *userdata)
{
	struct page *page = userdata;
	struct store_device device = {0};

	if ((uint64_t)found->id != page->client->request.number)
		return true;
	(void)store_device_by_id(
		page->service->reader, found->device, &device); /* nameless, then */
	say_event(page->client, found, &device);
	page->client->left = 1;
	return false;
}

void admin_event(struct service *service, struct admin_client *client)
{
	static const struct store_filter any;
	struct page page = {service, client};
	struct store_cursor cursor = {.is_upwards = true};
	int64_t id = (int64_t)client->request.number;
	int r;

	client->left = 0;
	for (int64_t lane = 0; lane < STORE_LANES; lane++)
		cursor.place.last[lane] = id / STORE_LANE_EVENTS == lane
						  ? id - 1
						  : (lane + 1) * STORE_LANE_EVENTS - 1;
	r = id ? store_events(service->reader, &any, &cursor, 1, on_event, &page) : 0;
	if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	else if (!client->left)
		admin_end(client, -ENOENT, "there is no event %lld", (long long)id);
	else
		admin_end(client, 0, "%s", "");
}

/* Where the next page begins: behind what was looked at, and before what came meanwhile. */
static void say_place(struct admin_client *client)
{
	struct store_place place = client->cursor.place;
	struct json_object *object = json_object_new_object();
	char text[STORE_PLACE_SIZE];

	for (unsigned int lane = 0; lane < STORE_LANES; lane++)
		if (place.last[lane] > client->last.last[lane])
			place.last[lane] = client->last.last[lane];
	store_place_format(&place, text);
	(void)json_object_object_add(object, "place", json_object_new_string(text));
	admin_line(client, object);
}

/* What was there has been said: the end, or on to what comes. */
static bool finish(struct admin_client *client)
{
	if (client->request.name[0])
		say_place(client);
	if (!(client->request.flags & ADMIN_IS_FOLLOWING)) {
		admin_end(client, 0, "%s", "");
		return false;
	}
	admin_text(client, "{\"following\":true}");
	client->is_following = true;
	client->cursor = (struct store_cursor){.is_upwards = true, .place = client->last};
	return true;
}

bool admin_events(struct service *service, struct admin_client *client)
{
	struct page page = {service, client};
	int r;

	r = store_events(
		service->reader, &client->filter, &client->cursor, ADMIN_LOOK, on_found, &page);
	if (r < 0) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return false;
	}
	if (client->is_following)
		return r > 0;
	if (r == 0 || (client->request.limit && !client->left))
		return finish(client);
	return true;
}
