/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what administrators ask, and the state of the console. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "console/store/admin_server.h"
#include "console/store/repeat.h"

static void add_number(struct json_object *object, const char *name, int64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_int64(number));
}

static void status(struct service *service, struct admin_client *client)
{
	struct json_object *object, *devices;
	struct store_totals totals;
	char value[STORE_TEXT_SIZE];
	int r;

	r = store_totals(service->reader, &totals);
	if (r < 0) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return;
	}
	object = json_object_new_object();
	devices = json_object_new_object();
	add_number(devices, "pending", totals.devices[DEVICE_PENDING]);
	add_number(devices, "trusted", totals.devices[DEVICE_TRUSTED]);
	add_number(devices, "suspended", totals.devices[DEVICE_SUSPENDED]);
	add_number(devices, "revoked", totals.devices[DEVICE_REVOKED]);
	(void)json_object_object_add(object, "version", json_object_new_string(HOLDFAST_VERSION));
	if (store_get(service->reader, "tenant", value, sizeof(value)) == 0)
		(void)json_object_object_add(object, "tenant", json_object_new_string(value));
	if (store_get(service->reader, "restored", value, sizeof(value)) == 0)
		(void)json_object_object_add(object, "restored", json_object_new_string(value));
	if (service->trouble) {
		(void)json_object_object_add(
			object, "trouble", json_object_new_string(strerror(-service->trouble)));
		add_number(object, "trouble_since", service->trouble_ms);
	}
	(void)json_object_object_add(object, "failures", failures_object(&service->failures));
	(void)json_object_object_add(object, "devices", devices);
	add_number(object, "events", totals.events);
	add_number(object, "findings", totals.findings);
	add_number(object, "tokens", totals.tokens);
	add_number(object, "database_bytes", totals.bytes);
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
}

/* begin answers as a whole; work in pieces, again and again until it has ended. */
static const struct {
	void (*begin)(struct service *service, struct admin_client *client);
	bool (*work)(struct service *service, struct admin_client *client);
} verbs[ADMIN_TYPE_MAX] = {
	[ADMIN_STATUS] = {status, NULL},
	[ADMIN_DEVICES] = {NULL, admin_devices},
	[ADMIN_DEVICE] = {admin_device, NULL},
	[ADMIN_APPROVE] = {admin_device_change, NULL},
	[ADMIN_SUSPEND] = {admin_device_change, NULL},
	[ADMIN_REVOKE] = {admin_device_change, NULL},
	[ADMIN_TOKENS] = {NULL, admin_tokens},
	[ADMIN_RULES] = {admin_rules, NULL},
	[ADMIN_RULE_ADD] = {admin_rule_add, NULL},
	[ADMIN_RULE_REMOVE] = {admin_rule_remove, NULL},
	[ADMIN_TOKEN_CREATE] = {admin_token_create, NULL},
	[ADMIN_TOKEN_REVOKE] = {admin_token_revoke, NULL},
	[ADMIN_EVENTS] = {admin_events_begin, admin_events},
	[ADMIN_FINDINGS] = {admin_findings, NULL},
	[ADMIN_DEVICE_TAG] = {admin_device_tag, NULL},
	[ADMIN_POLICY_NEXT] = {admin_policy_next, NULL},
	[ADMIN_POLICY_PUBLISH] = {admin_policy_publish, NULL},
	[ADMIN_POLICIES] = {admin_policies, NULL},
	[ADMIN_POLICY] = {admin_policy, NULL},
	[ADMIN_POLICY_ROLLOUT] = {admin_policy_rollout, NULL},
	[ADMIN_DEVICE_PCR] = {admin_device_pcr, NULL},
	[ADMIN_DEVICE_WIPE] = {admin_device_wipe, NULL},
	[ADMIN_DEVICE_RECEIPT] = {admin_device_receipt, NULL},
	[ADMIN_DEVICE_ASSIGN] = {admin_device_assign, NULL},
	[ADMIN_POLICY_PREVIEW] = {admin_preview_begin, admin_preview},
	[ADMIN_REPORT] = {admin_report, NULL},
	[ADMIN_SEAL_KEYS] = {admin_seal_keys, NULL},
	[ADMIN_SEAL_ROTATE] = {admin_seal_rotate, NULL},
	[ADMIN_SEAL_DESTROY] = {admin_seal_destroy, NULL},
	[ADMIN_KEYS] = {admin_keys, NULL},
	[ADMIN_KEY_ROTATE] = {admin_key_rotate, NULL},
	[ADMIN_KEY_DESTROY] = {admin_key_destroy, NULL},
	[ADMIN_KEY_RECEIPT] = {admin_key_receipt, NULL},
	[ADMIN_KEY_TERMS] = {admin_key_terms, NULL},
	[ADMIN_TRACE] = {admin_trace, NULL},
	[ADMIN_TRACE_FRAME] = {admin_trace, NULL},
	[ADMIN_EVENT] = {admin_event, NULL},
	[ADMIN_AUDIT] = {admin_audit_begin, admin_audit},
	[ADMIN_EXPORTS] = {admin_exports, NULL},
	[ADMIN_EXPORT_REWIND] = {admin_export_rewind, NULL},
};

void admin_verb_begin(struct service *service, struct admin_client *client)
{
	unsigned int tries = 0;

	client->after = 0;
	client->last = (struct store_place){0};
	client->left = client->request.limit;
	client->is_following = false;
	client->cursor = (struct store_cursor){0};
	if (!verbs[client->request.type].begin)
		return;
	do {
		client->is_undone = false;
		client->may_repeat = tries < SERVICE_REPEATS_MAX;
		verbs[client->request.type].begin(service, client);
	} while (client->is_undone && repeat_is_due(service, &tries, client->who, -EDEADLK));
	client->may_repeat = false;
}

bool admin_verb_work(struct service *service, struct admin_client *client)
{
	return verbs[client->request.type].work &&
	       verbs[client->request.type].work(service, client);
}
