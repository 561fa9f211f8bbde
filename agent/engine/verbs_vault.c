/* SPDX-License-Identifier: Apache-2.0 */
/* What holdfast-vault asks, and what it tells of its vaults. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/json.h"
#include "agent/engine/server.h"
#include "common/uuid.h"

static struct json_object *vault_object(
	const struct policy_compiled *policy, const struct policy_vault_entry *vault)
{
	const struct policy_label_entry *label = &policy->label[vault->bit];
	struct json_object *object = json_object_new_object();
	char id[UUID_TEXT_SIZE];

	uuid_format(label->uuid, id);
	json_add_text(object, "vault", vault->name);
	json_add_text(object, "title", vault->title);
	json_add_text(object, "path", vault->path);
	json_add_text(object, "label", label->name);
	json_add_text(object, "label_id", id);
	json_add(object, "size", json_object_new_uint64(vault->size_bytes));
	return object;
}

void verb_vaults(struct engine *engine, struct client *client, int fd)
{
	(void)fd; /* none is asked for */
	if (!engine->policy) {
		client_end(client, -ENOENT, "there is no policy");
		return;
	}
	for (size_t i = 0; i < engine->policy->vault_count; i++)
		client_line(client, vault_object(engine->policy, &engine->policy->vaults[i]));
	client_end(client, 0, "%s", "");
}

static void note(struct engine *engine, const struct client *client, enum event_kind kind)
{
	const struct local_request *request = &client->request;
	struct json_object *details = json_object_new_object();
	struct event_note note = {.kind = kind,
		.uid = client->uid,
		.has_uid = true,
		.pid = client->pid,
		.comm = "holdfast-vault",
		.path = request->path,
		.details = details};
	char text[EVENT_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "vault %s: %s", request->vault, request->reason);
	note.message = text;
	json_add_text(details, "vault", request->vault);
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
}

void verb_vault_tell(struct engine *engine, struct client *client, int fd)
{
	const struct local_request *request = &client->request;

	(void)fd; /* none is asked for */
	switch ((enum local_vault_event)request->event) {
	case LOCAL_VAULT_LOCKED:
		note(engine, client, EVENT_VAULT_LOCKED);
		break;
	case LOCAL_VAULT_UNLOCKED:
		note(engine, client, EVENT_VAULT_UNLOCKED);
		break;
	case LOCAL_VAULT_HELD:
		failure_note(engine, FAILURE_VAULT_HELD, "%s: %s", request->vault, request->reason);
		break;
	case LOCAL_VAULT_BROKEN:
		failure_note(engine, FAILURE_VAULT, "%s: %s", request->vault, request->reason);
		break;
	case LOCAL_VAULT_UNSEEN:
		failure_note(engine, FAILURE_SLEEP_UNSEEN, "%s", request->reason);
		break;
	default:
		client_end(client, -EINVAL, "nobody knows that of a vault");
		return;
	}
	client_end(client, 0, "%s", "");
}
