/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators ask of devices, and make of them. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/hex.h"
#include "console/store/admin_server.h"
#include "console/store/description.h"
#include "console/store/finding_event.h"
#include "console/store/groups.h"
#include "console/store/requirement.h"

#define DEVICES_A_TURN 64
#define SHOWN_MAX      50 /* changes, certificates, boots and findings of one device */
#define FINDINGS_MAX   1000

static const char *const states[] = {"none", "pending", "trusted", "suspended", "revoked"};

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *name, uint64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_uint64(number));
}

static void add_uid(
	struct json_object *object, const char *name, const uint8_t uid[CONSOLE_UID_SIZE])
{
	char text[UUID_TEXT_SIZE];

	uuid_format(uid, text);
	add_text(object, name, text);
}

static void add_hash(
	struct json_object *object, const char *name, const uint8_t hash[CONSOLE_HASH_SIZE])
{
	char text[2 * CONSOLE_HASH_SIZE + 1];

	hex_write(hash, CONSOLE_HASH_SIZE, text);
	add_text(object, name, text);
}

/* What is known of its policy, and its tags. */
static void add_policy(
	struct service *service, struct json_object *object, const struct store_device *device)
{
	struct store_receipt receipt;
	char all[GROUPS_TAGS_SIZE], tags[GROUPS_TAGS_SIZE], users[GROUPS_TAGS_SIZE];
	struct json_object *policy;

	if (store_tags(service->reader, device->id, all, sizeof(all)) == 0) {
		groups_split(all, tags, users);
		add_text(object, "tags", tags);
		add_text(object, "users", users);
	}
	if (store_receipt(service->reader, device->id, &receipt) < 0)
		return;
	policy = json_object_new_object();
	add_number(policy, "sent", receipt.sent);
	add_number(policy, "sent_time", (uint64_t)receipt.sent_ms);
	add_number(policy, "applied", receipt.applied);
	add_text(policy, "digest", receipt.digest);
	add_text(policy, "mode", receipt.mode);
	add_number(policy, "applied_time", (uint64_t)receipt.applied_ms);
	add_number(policy, "rejected", receipt.refused);
	add_text(policy, "code", receipt.code);
	add_number(policy, "rejected_time", (uint64_t)receipt.refused_ms);
	(void)json_object_object_add(object, "policy", policy);
}

static struct json_object *device_object(struct service *service, const struct store_device *device)
{
	struct json_object *object = json_object_new_object(), *wipe;

	add_uid(object, "uid", device->uid);
	add_text(object, "state", states[device->state <= DEVICE_REVOKED ? device->state : 0]);
	add_text(object, "host", device->host);
	add_text(object, "owner", device->owner);
	add_text(object, "os", device->os);
	add_text(object, "address", device->address);
	add_number(object, "first_seen", (uint64_t)device->first_seen_ms);
	add_number(object, "last_seen", (uint64_t)device->last_seen_ms);
	add_number(object, "ack", device->ack);
	add_policy(service, object, device);
	wipe = admin_wipe_object(service, device->id);
	if (wipe)
		(void)json_object_object_add(object, "wipe", wipe);
	return object;
}

static struct json_object *account_object(const struct store_user *user)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "name", user->name);
	add_number(object, "first_seen", (uint64_t)user->first_ms);
	add_number(object, "last_seen", (uint64_t)user->last_ms);
	return object;
}

/* Who used it; with a name, only who has it. */
static struct json_object *users_of(struct service *service, int64_t device, const char *name)
{
	static struct store_user users[STORE_USERS_MAX];
	struct json_object *array = json_object_new_array();
	int count = store_users(service->reader, device, users, STORE_USERS_MAX);

	for (int i = 0; i < count; i++)
		if (!name || !strcmp(users[i].name, name))
			(void)json_object_array_add(array, account_object(&users[i]));
	return array;
}

static bool is_wanted(const struct admin_client *client, const struct store_device *device)
{
	return !client->request.name[0] ||
	       (device->state <= DEVICE_REVOKED &&
		       !strcmp(client->request.name, states[device->state]));
}

bool admin_devices(struct service *service, struct admin_client *client)
{
	static struct store_device devices[DEVICES_A_TURN]; /* too large for the stack */
	const char *user = client->request.user;
	int count = user[0] ? store_user_devices(
				      service->reader, user, client->after, devices, DEVICES_A_TURN)
			    : store_devices(
				      service->reader, client->after, devices, DEVICES_A_TURN);

	for (int i = 0; i < count; i++) {
		struct json_object *object;

		client->after = devices[i].id;
		if (!is_wanted(client, &devices[i]))
			continue;
		object = device_object(service, &devices[i]);
		if (user[0])
			(void)json_object_object_add(
				object, "accounts", users_of(service, devices[i].id, user));
		admin_line(client, object);
	}
	if (count == DEVICES_A_TURN)
		return true;
	admin_end(client, count < 0 ? count : 0, "%s", count < 0 ? strerror(-count) : "");
	return false;
}

bool admin_find_device(
	struct service *service, struct admin_client *client, struct store_device *ret_device)
{
	int r = groups_find_device(service->reader, client->request.device, ret_device);

	if (r == -ENOTUNIQ)
		admin_end(client, r, "more than one device is called '%s': say which by its uid",
			client->request.device);
	else if (r == -ENOENT)
		admin_end(client, r, "there is no device '%s'", client->request.device);
	else if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	return r == 0;
}

static struct json_object *changes_of(struct service *service, int64_t device)
{
	static struct store_change changes[SHOWN_MAX];
	struct json_object *array = json_object_new_array();
	int count = store_changes(service->reader, device, changes, SHOWN_MAX);

	for (int i = 0; i < count; i++) {
		struct json_object *object = json_object_new_object();

		add_number(object, "time", (uint64_t)changes[i].time_ms);
		add_text(object, "from", states[changes[i].from % 5]);
		add_text(object, "to", states[changes[i].to % 5]);
		add_text(object, "who", changes[i].who);
		add_text(object, "why", changes[i].why);
		(void)json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *certificates_of(struct service *service, int64_t device)
{
	static struct store_certificate certificates[SHOWN_MAX];
	struct json_object *array = json_object_new_array();
	int count = store_certificates(service->reader, device, certificates, SHOWN_MAX);

	for (int i = 0; i < count; i++) {
		struct json_object *object = json_object_new_object();

		add_text(object, "serial", certificates[i].serial);
		add_hash(object, "fingerprint", certificates[i].fingerprint);
		add_hash(object, "key", certificates[i].key);
		add_number(object, "not_before", (uint64_t)certificates[i].not_before_ms);
		add_number(object, "not_after", (uint64_t)certificates[i].not_after_ms);
		add_text(object, "state",
			certificates[i].is_replaced ? "replaced"
			: certificates[i].is_used   ? "in use"
						    : "handed out");
		(void)json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *accounts_of(struct service *service, int64_t device)
{
	static struct store_account accounts[SHOWN_MAX];
	struct json_object *array = json_object_new_array();
	int count = store_accounts(service->reader, device, accounts, SHOWN_MAX);

	for (int i = 0; i < count; i++) {
		const struct store_account *account = &accounts[i];
		struct json_object *object = json_object_new_object();

		add_uid(object, "boot", account->boot);
		add_number(object, "made",
			account->delivered + account->coalesced + account->pruned + account->lost +
				account->missing);
		add_number(object, "delivered", account->delivered);
		add_number(object, "coalesced", account->coalesced);
		add_number(object, "pruned", account->pruned);
		add_number(object, "lost", account->lost);
		add_number(object, "missing", account->missing);
		add_number(object, "not_ocsf", account->unfit);
		add_number(object, "first", account->first);
		add_number(object, "last", account->last);
		add_number(object, "begun", (uint64_t)account->begun_ms);
		add_number(object, "last_time", (uint64_t)account->last_ms);
		(void)json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *finding_object(
	struct service *service, const struct store_finding *finding)
{
	struct json_object *object = json_object_new_object();
	struct store_device device;

	add_number(object, "id", (uint64_t)finding->id);
	add_number(object, "time", (uint64_t)finding->time_ms);
	add_text(object, "kind", finding->kind);
	if (store_device_by_id(service->reader, finding->device, &device) == 0) {
		add_uid(object, "device", device.uid);
		add_text(object, "host", device.host);
	}
	add_number(object, "first", finding->first);
	add_number(object, "last", finding->last);
	add_text(object, "text", finding->text);
	return object;
}

/* Newest first. */
static struct json_object *findings_of(struct service *service, int64_t device, unsigned int most)
{
	static struct store_finding findings[FINDINGS_MAX];
	struct json_object *array = json_object_new_array();
	int count = store_findings(service->reader, device, findings, most);

	for (int i = 0; i < count; i++)
		(void)json_object_array_add(array, finding_object(service, &findings[i]));
	return array;
}

/* What the policy that is for it requires, and what of that its record does not meet, as it is now. */
static void add_posture(
	struct service *service, const struct store_device *device, struct json_object *object)
{
	static struct device_record record; /* too large for the stack */
	char text[POSTURE_TEXT_MAX], words[DEVICE_RECORD_TEXT];
	struct json_object *unmet;
	struct posture require;
	uint32_t bits;

	if (description_known(service->reader, device->id, &record) < 0 ||
		requirement_find(service->reader, device, &require) < 0 ||
		posture_is_empty(&require))
		return;
	posture_format(&require, text);
	add_text(object, "require", text);
	bits = requirement_unmet(&require, &record, words);
	unmet = json_object_new_array();
	for (unsigned int i = 0; i < POSTURE_MAX; i++) {
		char line[POSTURE_WORD_MAX];

		if (!(bits & UINT32_C(1) << i))
			continue;
		requirement_say(&require, i, &record, line);
		(void)json_object_array_add(unmet, json_object_new_string(line));
	}
	(void)json_object_object_add(object, "unmet", unmet);
}

void admin_device(struct service *service, struct admin_client *client)
{
	static char details[STORE_DETAILS_SIZE];
	struct json_object *object, *known;
	struct store_device device;

	if (!admin_find_device(service, client, &device))
		return;
	object = device_object(service, &device);
	if (store_device_details(service->reader, device.id, details) == 0 && details[0]) {
		known = json_tokener_parse(details);
		if (known)
			(void)json_object_object_add(object, "details", known);
	}
	add_posture(service, &device, object);
	add_hash(object, "key", device.key);
	add_hash(object, "link", device.link);
	add_number(object, "token", (uint64_t)device.token);
	(void)json_object_object_add(object, "accounts", users_of(service, device.id, NULL));
	(void)json_object_object_add(object, "changes", changes_of(service, device.id));
	(void)json_object_object_add(object, "certificates", certificates_of(service, device.id));
	(void)json_object_object_add(object, "boots", accounts_of(service, device.id));
	(void)json_object_object_add(
		object, "findings", findings_of(service, device.id, SHOWN_MAX));
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
}

/* As OCSF has them, oldest first. */
void admin_findings(struct service *service, struct admin_client *client)
{
	static struct store_finding findings[FINDINGS_MAX]; /* too large for the stack */
	unsigned int most = client->request.limit;
	struct store_device device = {0};
	int count;

	if (client->request.device[0] && !admin_find_device(service, client, &device))
		return;
	count = store_findings(service->reader, device.id, findings,
		most && most < FINDINGS_MAX ? most : FINDINGS_MAX);
	for (int i = count; i > 0; i--) {
		bool is_known = store_device_by_id(
					service->reader, findings[i - 1].device, &device) == 0;

		admin_line(client, finding_event(&findings[i - 1], is_known ? &device : NULL));
	}
	admin_end(client, count < 0 ? count : 0, "%s", count < 0 ? strerror(-count) : "");
}

/* What an act makes of a device; DEVICE_NONE when it may not be done in that state. */
static uint8_t state_after(uint16_t act, uint8_t state)
{
	if (state == DEVICE_REVOKED) /* for good: the key may be in other hands */
		return DEVICE_NONE;
	if (act == ADMIN_APPROVE)
		return DEVICE_TRUSTED;
	if (act == ADMIN_SUSPEND)
		return state == DEVICE_PENDING ? DEVICE_NONE : DEVICE_SUSPENDED;
	return DEVICE_REVOKED;
}

static int write_change(struct service *service, struct admin_client *client,
	struct store_device *device, uint8_t state)
{
	static const char *const acts[ADMIN_TYPE_MAX] = {[ADMIN_APPROVE] = "device approve",
		[ADMIN_SUSPEND] = "device suspend",
		[ADMIN_REVOKE] = "device revoke"};
	char what[STORE_WHY_SIZE + 64], uid[UUID_TEXT_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = acts[client->request.type],
		.what = what,
		.before = states[device->state <= DEVICE_REVOKED ? device->state : 0],
		.after = client->request.name[0] ? "revoked, to be wiped" : states[state],
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	uuid_format(device->uid, uid);
	(void)snprintf(what, sizeof(what), "%s %s", uid, client->request.why);
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = store_device_set_state(
		service->writer, device->id, state, client->who, client->request.why, act.time_ms);
	if (r == 0)
		r = store_notice_add(service->writer, device->id);
	if (r == 0 && client->request.name[0])
		r = admin_wipe_order(service, client, device);
	return audit_commit(service->writer, r, &act);
}

void admin_device_change(struct service *service, struct admin_client *client)
{
	struct store_device device;
	uint8_t state;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	state = state_after(client->request.type, device.state);
	if (state == DEVICE_NONE) {
		admin_end(client, -EINVAL,
			device.state == DEVICE_REVOKED
				? "'%s' is revoked, and that is for good: it has to enrol anew, "
				  "with a new key"
				: "'%s' is not approved yet: revoke it, or let it wait",
			client->request.device);
		return;
	}
	if (client->request.name[0] && client->request.type != ADMIN_REVOKE) {
		admin_end(client, -EINVAL, "only who is revoked can be wiped with it");
		return;
	}
	if (state == device.state) {
		admin_end(client, 0, "'%s' is %s already", client->request.device, states[state]);
		return;
	}
	r = write_change(service, client, &device, state);
	if (r < 0) {
		admin_end(client, r, "nothing is changed: %s",
			r == -EALREADY ? "it has an order already, see 'device show'"
				       : store_error(r));
		return;
	}
	device.state = state;
	peer_tell_changed(service, &device);
	admin_end(client, 0, "'%s' is %s now", client->request.device, states[state]);
}
