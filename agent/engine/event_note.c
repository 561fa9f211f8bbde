/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own events, member by member, in the schema's words. */
#include "agent/engine/event_note.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>

#include "agent/engine/event_objects.h"
#include "agent/engine/json.h"
#include "common/clock.h"

static struct json_object *actor_of_note(const struct event_note *note)
{
	struct json_object *actor = json_object_new_object();

	if (note->pid)
		json_add(actor, "process",
			event_process(note->pid, note->comm ? note->comm : "unknown"));
	if (note->has_uid)
		json_add(actor, "user", event_user(note->uid));
	else
		json_add_text(actor, "app_name", "holdfast");
	return actor;
}

static bool is_address(const char *text)
{
	uint8_t address[16];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static void add_login(struct json_object *event, const struct event_login *login)
{
	struct json_object *user = json_object_new_object(), *object = json_object_new_object();
	char number[16];

	json_add_text(user, "name", login ? login->account : "unknown");
	if (login) {
		(void)snprintf(number, sizeof(number), "%u", login->uid);
		json_add_text(user, "uid", number);
	}
	json_add(event, "user", user);
	json_add_text(object, "name", login ? login->service : "unknown");
	json_add(event, "service", object);
	if (!login)
		return;
	json_add_bool(event, "is_remote", login->remote && login->remote[0]);
	if (!login->remote || !login->remote[0])
		return;
	object = json_object_new_object();
	json_add_text(object, is_address(login->remote) ? "ip" : "hostname", login->remote);
	json_add(event, "src_endpoint", object);
}

/* Of somebody who is logged in already: verified by us. */
static void add_verified(struct json_object *event, uint32_t uid)
{
	struct json_object *service = json_object_new_object();

	json_add(event, "user", event_user(uid));
	json_add_text(service, "name", "holdfast");
	json_add(event, "service", service);
}

static void add_note_objects(
	struct json_object *event, const struct ocsf_row *row, const struct event_note *note)
{
	struct json_object *object;

	if (row->objects & OCSF_ACTOR)
		json_add(event, "actor", actor_of_note(note));
	if (row->objects & OCSF_FILE)
		json_add(event, "file", event_file(note->path ? note->path : ""));
	if (row->objects & OCSF_ENTITY) {
		char text[32];

		object = json_object_new_object();
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)note->version);
		json_add_text(object, "name", note->name ? note->name : "policy");
		json_add_number(object, "type_id", 5); /* Policy */
		json_add_text(object, "version", text);
		json_add(event, "entity", object);
	}
	if (row->objects & OCSF_APP)
		json_add(event, "app", event_product());
	if (row->objects & OCSF_PROCESS)
		json_add(event, "process", event_process(note->pid, NULL));
	if (row->objects & OCSF_PERIPHERAL) {
		object = json_object_new_object();
		json_add_text(object, "name", note->name ? note->name : "unknown");
		json_add(event, "peripheral_device", object);
	}
	if ((row->objects & OCSF_LOGIN) && !note->login && note->has_uid)
		add_verified(event, note->uid);
	else if (row->objects & OCSF_LOGIN)
		add_login(event, note->login);
	if (row->objects & OCSF_LOG)
		json_add_text(event, "log_name", note->name ? note->name : "events");
}

struct json_object *event_of_note(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct event_note *note)
{
	const struct ocsf_row *row = ocsf_row(note->kind);
	struct json_object *event = event_begin(origin, numbers, row, clock_day_ms());

	if (!event)
		return NULL;
	json_add_text(event, "message", note->message);
	json_add_number(event, "severity_id", row->severity_id);
	json_add_number(event, "status_id", note->is_failure ? 2 : 1);
	json_add_text(event, "status_code", note->status_code);
	if (note->count)
		json_add(event, "count", json_object_new_int64(note->count));
	add_note_objects(event, row, note);
	if (note->details)
		event_add_unmapped(event, json_object_get(note->details));
	return event;
}
