/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/overlays.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/json.h"
#include "agent/engine/marks.h"
#include "common/clock.h"
#include "watermark/tile.h"

/* Those that went a moment ago. */
static struct lost {
	uint32_t uid;
	char display[LOCAL_LABEL_SIZE];
	uint64_t at_ns; /* 0 = free */
} lost[OVERLAYS_LOST_MAX];

static const struct watermark_rules *rules_of(const struct engine *engine)
{
	static const struct watermark_rules none;

	return engine->policy ? &engine->policy->watermark
			      : &none; /* the kernel part has no part in it */
}

static bool is_wanted(const struct engine *engine)
{
	return rules_of(engine)->text || rules_of(engine)->is_blind;
}

static void add_mark(const struct client *client, struct json_object *line)
{
	uint64_t minute;
	const char *tile = marks_tile(client->uid, &minute);

	if (!tile || minute == client->request.after)
		return;
	json_add(line, "tile", json_object_new_string(tile)); /* longer than other texts may be */
	json_add_number(line, "strength", WATERMARK_STRENGTH_DEFAULT);
	json_add_number(line, "minute", minute);
}

static struct json_object *answer_object(const struct engine *engine, const struct client *client)
{
	const struct watermark_rules *rules = rules_of(engine);
	const struct policy_login_rules *login = engine->policy ? &engine->policy->login : NULL;
	struct json_object *line = json_object_new_object();

	json_add_bool(line, "wanted", is_wanted(engine));
	json_add_text(line, "text", rules->text);
	json_add(line, "angle", json_object_new_int(rules->angle));
	json_add_number(line, "opacity", (uint64_t)rules->opacity);
	json_add_number(line, "density", rules->density);
	json_add_bool(line, "blind", rules->is_blind);
	if (rules->is_blind)
		add_mark(client, line);
	if (login && login->owner >= 0)
		json_add_text(line, "tenant", login->tenants[login->owner].name);
	return line;
}

static bool is_here(const struct engine *engine, uint32_t uid, const char *display)
{
	const struct client *client;

	for (unsigned int i = 0; (client = server_client(engine, i)); i++)
		if (client->is_overlay && client->uid == uid && !strcmp(client->display, display))
			return true;
	return false;
}

/* Something else of the user's session is still there: its witness, or who shows notices. */
static bool has_session(const struct engine *engine, uint32_t uid)
{
	const struct client *client;

	for (unsigned int i = 0; (client = server_client(engine, i)); i++)
		if (client->uid == uid &&
			(client->is_witness || client->request.type == LOCAL_FOLLOW))
			return true;
	return false;
}

static void tell(struct engine *engine, struct lost *entry, const char *what)
{
	failure_note(engine, FAILURE_OVERLAY, "on display %s of user %u, %s", entry->display,
		entry->uid, what);
	entry->at_ns = 0;
}

static void tell_unblended(struct engine *engine, const struct client *client)
{
	if (rules_of(engine)->is_blind && (client->request.method & LOCAL_MARK_SHAPED) &&
		!(client->overlay_state & LOCAL_MARK_SHAPED))
		failure_note(engine, FAILURE_UNBLENDED, "display %s of user %u", client->display,
			client->uid);
}

void verb_mark(struct engine *engine, struct client *client, int fd)
{
	const struct local_request *request = &client->request;

	(void)fd; /* none is asked for */
	if (request->method & ~LOCAL_MARK_ALL) {
		client_end(client, -EINVAL, "nothing is shown like that");
		return;
	}
	for (unsigned int i = 0; !client->is_overlay && i < OVERLAYS_LOST_MAX; i++)
		if (lost[i].at_ns && lost[i].uid == client->uid &&
			!strcmp(lost[i].display, request->display))
			tell(engine, &lost[i], "it was ended, and is back");
	client->is_overlay = true;
	(void)snprintf(client->display, sizeof(client->display), "%s", request->display);
	tell_unblended(engine, client);
	client->overlay_state = (uint8_t)request->method;
	client_line(client, answer_object(engine, client));
	client_end(client, 0, "%s", "");
}

/* One whose place nobody has any more is told of by its session's end, or not at all. */
void overlays_gone(struct engine *engine, const struct client *client)
{
	if (!client->is_overlay || !is_wanted(engine))
		return;
	for (unsigned int i = 0; i < OVERLAYS_LOST_MAX; i++) {
		if (lost[i].at_ns)
			continue;
		lost[i] = (struct lost){.uid = client->uid, .at_ns = clock_boot_ns()};
		memcpy(lost[i].display, client->display, sizeof(lost[i].display));
		return;
	}
}

void overlays_tick(struct engine *engine)
{
	for (unsigned int i = 0; i < OVERLAYS_LOST_MAX; i++) {
		struct lost *entry = &lost[i];

		if (!entry->at_ns || clock_boot_ns() - entry->at_ns < OVERLAYS_BACK_NS)
			continue;
		if (is_wanted(engine) && has_session(engine, entry->uid) &&
			!is_here(engine, entry->uid, entry->display))
			tell(engine, entry, "it is gone, and the session goes on");
		entry->at_ns = 0;
	}
}

struct json_object *overlays_object(const struct engine *engine)
{
	const struct watermark_rules *rules = rules_of(engine);
	struct json_object *object, *overlays;
	const struct client *client;

	if (!is_wanted(engine))
		return NULL;
	object = json_object_new_object();
	overlays = json_object_new_array();
	json_add_bool(object, "text", rules->text != NULL);
	json_add_bool(object, "blind", rules->is_blind);
	for (unsigned int i = 0; (client = server_client(engine, i)); i++) {
		struct json_object *overlay;

		if (!client->is_overlay)
			continue;
		overlay = json_object_new_object();
		json_add_text(overlay, "display", client->display);
		json_add_number(overlay, "uid", client->uid);
		json_add_bool(overlay, "text", client->overlay_state & LOCAL_MARK_TEXT);
		json_add_bool(overlay, "blind", client->overlay_state & LOCAL_MARK_BLIND);
		json_add_bool(overlay, "shaped", client->overlay_state & LOCAL_MARK_SHAPED);
		(void)json_object_array_add(overlays, overlay); /* without memory: missing */
	}
	json_add(object, "displays", overlays);
	return object;
}
