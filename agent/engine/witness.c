/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of witnesses: any user may make some up, so they are told of as that user's word. */
#include "agent/engine/witness.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "agent/engine/json.h"
#include "agent/engine/server.h"
#include "agent/ipc/capture.h"

#define EVENTS_A_MINUTE	 60 /* of all witnesses; what they leave out the next one counts */
#define CAPTURES_AT_ONCE 1000000

static bool is_clipboard_judged(const struct engine *engine)
{
	const struct hf_channel_masks *masks;

	if (!engine->policy)
		return false;
	masks = &engine->policy->bank.channels[HF_CHANNEL_CLIPBOARD];
	return masks->block || masks->warn || masks->follow;
}

static void tell(struct engine *engine, const struct client *client, uint64_t left_out)
{
	const struct local_request *request = &client->request;
	struct json_object *details = json_object_new_object();
	char text[EVENT_TEXT_MAX];
	struct event_note note = {.kind = EVENT_CAPTURED,
		.message = text,
		.uid = client->uid,
		.has_uid = true,
		.pid = request->pid,
		.comm = request->program[0] ? request->program : "unknown",
		.count = (int64_t)request->after,
		.details = details};

	(void)snprintf(text, sizeof(text),
		"%s (process %u) captured the screen (%s) by %s, %llu times, as the session's "
		"witness saw",
		note.comm, request->pid, request->display, capture_method_name(request->method),
		(unsigned long long)request->after);
	json_add_text(details, "method", capture_method_name(request->method));
	json_add_text(details, "display", request->display);
	json_add_text(details, "witness", "holdfast-session");
	if (left_out)
		json_add_number(details, "left_out", left_out);
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
}

static void take(struct engine *engine, const struct client *client)
{
	static struct log_limit limit = {.burst = EVENTS_A_MINUTE};
	static uint64_t left_out;

	if (!log_allowed(&limit)) {
		left_out += client->request.after;
		return;
	}
	tell(engine, client, left_out);
	left_out = 0;
}

void verb_witness(struct engine *engine, struct client *client, int fd)
{
	const struct local_request *request = &client->request;
	struct json_object *line;

	(void)fd; /* none is asked for */
	if (request->method && (!capture_method_name(request->method) || !request->after ||
				       request->after > CAPTURES_AT_ONCE)) {
		client_end(client, -EINVAL, "nobody captures a screen like that");
		return;
	}
	client->is_witness = true;
	(void)snprintf(client->display, sizeof(client->display), "%s", request->display);
	if (request->method)
		take(engine, client);
	line = json_object_new_object();
	json_add_bool(line, "watch", engine->is_policy_applied);
	json_add_bool(line, "clear_on_lock", is_clipboard_judged(engine));
	client_line(client, line);
	client_end(client, 0, "%s", "");
}
