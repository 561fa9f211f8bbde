/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of labels, for administrators. The authority makes and destroys; what it has done is written down
 * here, also when who asked is gone meanwhile. Only which keys there are is known here, and none of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/store/admin_server.h"
#include "console/store/release.h"
#include "console/store/repeat.h"
#include "console/store/store_keys.h"
#include "console/store/word.h"

#define ROWS_MAX 4096 /* generations of all labels that are listed */

/* What the authority was asked to do. */
static struct act {
	uint64_t id; /* 0 = free */
	bool is_destroying;
	struct store_key key;
	char who[STORE_TEXT_SIZE];
} acts[ADMIN_CLIENT_MAX];
static uint64_t last_id;
static struct store_key rows[ROWS_MAX];

static struct act *act_find(uint64_t id)
{
	for (unsigned int i = 0; i < ADMIN_CLIENT_MAX; i++)
		if (acts[i].id == id)
			return &acts[i];
	return NULL;
}

/* One for each client at most, and as many as there are clients. */
static struct act *act_new(struct admin_client *client)
{
	struct act *act = act_find(0);

	if (!act)
		return NULL;
	*act = (struct act){.id = ++last_id};
	(void)snprintf(act->who, sizeof(act->who), "%s", client->who);
	client->asked = act->id;
	return act;
}

static bool label_of(struct admin_client *client, uint8_t ret_label[CONSOLE_UID_SIZE])
{
	if (uuid_parse(client->request.device, ret_label) == 0)
		return true;
	admin_end(client, -EINVAL, "'%s' is no label's id", client->request.device);
	return false;
}

static void add_time(struct json_object *object, const char *name, int64_t time_ms)
{
	if (time_ms)
		(void)json_object_object_add(object, name, json_object_new_int64(time_ms));
}

static struct json_object *key_object(const struct store_key *key, bool is_newest)
{
	struct json_object *object = json_object_new_object();
	char label[UUID_TEXT_SIZE];

	uuid_format(key->label, label);
	(void)json_object_object_add(object, "name", json_object_new_string(key->name));
	(void)json_object_object_add(object, "label", json_object_new_string(label));
	(void)json_object_object_add(object, "generation", json_object_new_int64(key->generation));
	(void)json_object_object_add(object, "state",
		json_object_new_string(key->destroyed_ms ? "destroyed"
				       : is_newest	 ? "in use"
							 : "readable"));
	add_time(object, "made", key->made_ms);
	add_time(object, "replaced", key->replaced_ms);
	add_time(object, "destroyed", key->destroyed_ms);
	return object;
}

static int add_terms(struct service *service, const uint8_t *label, struct json_object *object)
{
	struct store_key_terms terms;
	int r;

	r = store_key_terms(service->reader, label, &terms);
	if (r < 0)
		return r;
	if (terms.networks[0])
		(void)json_object_object_add(
			object, "networks", json_object_new_string(terms.networks));
	if (terms.is_for_verified)
		(void)json_object_object_add(object, "verified", json_object_new_boolean(true));
	(void)json_object_object_add(object, "seconds",
		json_object_new_int64(terms.seconds ? terms.seconds : RELEASE_SECONDS));
	return 0;
}

void admin_keys(struct service *service, struct admin_client *client)
{
	uint8_t label[CONSOLE_UID_SIZE];
	bool is_one = client->request.device[0];
	int count, r = 0;

	if (is_one && !label_of(client, label))
		return;
	count = store_keys(service->reader, is_one ? label : NULL, rows, ROWS_MAX);
	for (int i = 0; i < count && r == 0; i++) {
		bool is_newest = i == 0 || memcmp(rows[i].label, rows[i - 1].label,
						   sizeof(rows[i].label)) != 0;
		struct json_object *object = key_object(&rows[i], is_newest);

		if (is_newest)
			r = add_terms(service, rows[i].label, object);
		admin_line(client, object);
	}
	if (count < 0 || r < 0)
		admin_end(client, count < 0 ? count : r, "the database cannot be read: %s",
			store_error(count < 0 ? count : r));
	else if (!count && is_one)
		admin_end(client, -ENOENT, "there is no key of label '%s': see key rotate",
			client->request.name);
	else
		admin_end(client, 0, "%s", "");
}

void admin_key_rotate(struct service *service, struct admin_client *client)
{
	struct console_make make = {.key.is_newest = 1};
	unsigned int readable = 0;
	struct act *act;
	int count;

	if (!label_of(client, make.key.label))
		return;
	count = store_keys(service->reader, make.key.label, rows, ROWS_MAX);
	if (count < 0) {
		admin_end(client, count, "the database cannot be read: %s", store_error(count));
		return;
	}
	for (int i = 0; i < count; i++)
		readable += !rows[i].destroyed_ms;
	if (readable >= KEY_GENERATIONS_MAX) {
		admin_end(client, -ENOSPC,
			"%u generations of it are readable, which are as many as may be: destroy "
			"the oldest first; nothing is changed",
			readable);
		return;
	}
	act = act_new(client);
	if (!act) {
		admin_end(client, -EBUSY, "too much is asked at once, try again");
		return;
	}
	make.id = act->id;
	make.key.generation = count ? rows[0].generation + 1 : 1;
	memcpy(act->key.label, make.key.label, sizeof(act->key.label));
	act->key.generation = make.key.generation;
	(void)snprintf(act->key.name, sizeof(act->key.name), "%.*s", STORE_KEY_NAME_SIZE - 1,
		client->request.name);
	if (!word_ask_make(service, &make)) {
		act->id = 0;
		client->asked = 0;
		admin_end(client, -EBUSY, "the authority can't be asked now, try again");
	}
}

/* What is asked of a label is asked of one console: where its other keys are. */
static bool is_at_home(struct service *service, const struct store_key *key)
{
	int count = store_keys(service->reader, key->label, rows, ROWS_MAX);

	for (int i = 0; i < count; i++)
		if (!rows[i].destroyed_ms &&
			memcmp(rows[i].home, key->home, sizeof(key->home)) != 0)
			return false;
	return count >= 0;
}

static int write_once(struct service *service, const struct act *act, const char *receipt)
{
	char what[STORE_TEXT_SIZE], after[64];
	const struct audit_act row = {.who = act->who,
		.act = act->is_destroying ? "key destroy" : "key rotate",
		.what = what,
		.after = after,
		.time_ms = act->is_destroying ? act->key.destroyed_ms : act->key.made_ms};
	int r;

	(void)snprintf(what, sizeof(what), "key of label '%s'", act->key.name);
	(void)snprintf(after, sizeof(after), "generation %" PRIu32 " %s", act->key.generation,
		act->is_destroying ? "destroyed" : "made");
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = act->is_destroying ? store_key_destroy(service->writer, &act->key, receipt)
			       : store_key_add(service->writer, &act->key);
	return audit_commit(service->writer, r, &row);
}

/* What the authority has done is done: that the database undid this is no reason to begin there again. */
static int write_down(struct service *service, const struct act *act, const char *receipt)
{
	unsigned int tries = 0;
	int r;

	do
		r = write_once(service, act, receipt);
	while (repeat_is_due(service, &tries, act->who, r));
	return r;
}

static const char *words_of(uint16_t refusal)
{
	switch (refusal) {
	case REFUSAL_KEYS_SEALED:
		return "the tenant's root key is sealed: its passphrase is not on this console "
		       "(see KEYS OF LABELS in holdfast-console(8))";
	case REFUSAL_KEYS_ELSEWHERE:
		return "another console has this label's keys: ask there";
	case REFUSAL_KEYS_FULL:
		return "there is no room for one more key";
	default:
		return "the authority can't do it; its log says why";
	}
}

/* The end, for who asked, if it is there still. */
static struct admin_client *client_of(struct service *service, const struct act *act)
{
	struct admin_client *client = admin_server_asked(service->admin, act->id);

	if (client)
		client->asked = 0;
	return client;
}

void admin_key_made(struct service *service, const struct console_made *made)
{
	struct act *act = act_find(made->id);
	struct admin_client *client;
	int r = 0;

	if (!act || !made->id || act->is_destroying)
		fatal("the authority made a key that nobody asked for, stopping");
	client = client_of(service, act);
	act->key.slot = made->key.slot;
	act->key.made_ms = (int64_t)clock_day_ms();
	memcpy(act->key.home, made->key.home, sizeof(act->key.home));
	memcpy(act->key.wrapped, made->key.wrapped, sizeof(act->key.wrapped));
	if (made->refusal == REFUSAL_NONE)
		r = is_at_home(service, &act->key) ? write_down(service, act, NULL) : -EXDEV;
	if (client && made->refusal != REFUSAL_NONE)
		admin_end(client, -EIO, "no key is made: %s", words_of(made->refusal));
	else if (client && r == -EXDEV)
		admin_end(client, r, "no key is made: %s", words_of(REFUSAL_KEYS_ELSEWHERE));
	else if (client && r < 0)
		admin_end(client, r, "no key is made: %s", store_error(r));
	else if (client)
		admin_line(client, key_object(&act->key, true)),
			admin_end(client, 0, "devices are given it when they ask next; %s",
				act->key.generation == 1
					? "copy the console's keys directory to a safe place"
					: "earlier generations stay readable until they are "
					  "destroyed");
	act->id = 0;
}

/* The row that is asked for, or the answer ends. */
static bool find_row(struct service *service, struct admin_client *client,
	struct store_key *ret_key, bool *ret_is_newest)
{
	uint8_t label[CONSOLE_UID_SIZE];
	int count;

	if (!label_of(client, label))
		return false;
	count = store_keys(service->reader, label, rows, ROWS_MAX);
	for (int i = 0; i < count; i++)
		if (rows[i].generation == client->request.number) {
			*ret_key = rows[i];
			*ret_is_newest = i == 0;
			return true;
		}
	admin_end(client, count < 0 ? count : -ENOENT,
		"there is no generation %" PRIu64 " of label '%s'", client->request.number,
		client->request.name);
	return false;
}

void admin_key_destroy(struct service *service, struct admin_client *client)
{
	struct console_destroy destroy = {.key.is_newest = 0};
	struct store_key key;
	bool is_newest;
	struct act *act;

	if (!find_row(service, client, &key, &is_newest))
		return;
	if (key.destroyed_ms) {
		admin_end(client, -EALREADY, "it is destroyed already: see key receipt");
		return;
	}
	if (is_newest && !(client->request.flags & ADMIN_IS_FORCED)) {
		admin_end(client, -EBUSY,
			"it is the one in use, and what is encrypted with it can't be read any "
			"more then, by anybody: rotate first, or say --force; nothing is changed");
		return;
	}
	act = act_new(client);
	if (!act) {
		admin_end(client, -EBUSY, "too much is asked at once, try again");
		return;
	}
	act->is_destroying = true;
	act->key = key;
	destroy.id = act->id;
	destroy.made_ms = (uint64_t)key.made_ms;
	destroy.key.generation = key.generation;
	destroy.key.slot = key.slot;
	memcpy(destroy.key.label, key.label, sizeof(key.label));
	memcpy(destroy.key.home, key.home, sizeof(key.home));
	memcpy(destroy.key.wrapped, key.wrapped, sizeof(key.wrapped));
	(void)snprintf(destroy.name, sizeof(destroy.name), "%s", key.name);
	(void)snprintf(destroy.who, sizeof(destroy.who), "%s", client->who);
	if (!word_ask_destroy(service, &destroy)) {
		act->id = 0;
		client->asked = 0;
		admin_end(client, -EBUSY, "the authority can't be asked now, try again");
	}
}

void admin_key_destroyed(struct service *service, const struct console_word *word)
{
	static char receipt[CONSOLE_WORD_MAX + 1];
	struct act *act = act_find(word->id);
	struct admin_client *client;
	int r = 0;

	_Static_assert(sizeof(receipt) <= STORE_RECEIPT_SIZE, "a receipt can be kept");
	if (!act || !word->id || !act->is_destroying)
		fatal("the authority destroyed a key that nobody asked it to, stopping");
	client = client_of(service, act);
	act->key.destroyed_ms = (int64_t)clock_day_ms();
	memcpy(receipt, word->text, word->size);
	receipt[word->size] = '\0';
	if (word->refusal == REFUSAL_NONE)
		r = write_down(service, act, receipt);
	if (r < 0)
		log_error(
			"a key of label '%s' is destroyed, and that can't be written down: %s; it "
			"may be destroyed again",
			act->key.name, store_error(r));
	if (client && word->refusal != REFUSAL_NONE)
		admin_end(client, -EIO, "nothing is destroyed: %s", words_of(word->refusal));
	else if (client && r < 0)
		admin_end(client, r,
			"it is destroyed, and that can't be written down: %s; say it again",
			store_error(r));
	else if (client)
		admin_line(client, key_object(&act->key, false)),
			admin_end(client, 0,
				"it is destroyed, in all copies of the database too: see key "
				"receipt. Devices that have it keep it until their time for it is "
				"over. Destroy copies of the console's keys directory that are "
				"older than this");
	act->id = 0;
}

void admin_key_receipt(struct service *service, struct admin_client *client)
{
	static char receipt[STORE_RECEIPT_SIZE];
	struct json_object *object;
	struct store_key key;
	bool is_newest;
	int r;

	if (!find_row(service, client, &key, &is_newest))
		return;
	r = store_key_receipt(service->reader, key.label, key.generation, receipt);
	if (r < 0) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return;
	}
	if (!receipt[0]) {
		admin_end(client, -ENOENT, "it is not destroyed");
		return;
	}
	object = json_object_new_object();
	(void)json_object_object_add(object, "receipt", json_object_new_string(receipt));
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
}

static int write_terms(
	struct service *service, struct admin_client *client, const struct store_key_terms *terms)
{
	char after[STORE_AUDIT_SIZE], what[STORE_TEXT_SIZE + 32];
	const struct audit_act row = {.who = client->who,
		.act = "key terms",
		.what = what,
		.after = after,
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	(void)snprintf(what, sizeof(what), "keys of label '%.200s'", client->request.name);
	(void)snprintf(after, sizeof(after), "from %s, %s, for %" PRId64 " s",
		terms->networks[0] ? terms->networks : "anywhere",
		terms->is_for_verified ? "to users who have verified" : "to any user",
		terms->seconds ? terms->seconds : RELEASE_SECONDS);
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = store_key_terms_set(service->writer, terms);
	return audit_commit(service->writer, r, &row);
}

void admin_key_terms(struct service *service, struct admin_client *client)
{
	struct store_key_terms terms = {.seconds = (int64_t)client->request.number,
		.is_for_verified = client->request.flags & ADMIN_IS_VERIFIED};
	int r;

	if (!label_of(client, terms.label))
		return;
	(void)snprintf(terms.networks, sizeof(terms.networks), "%s", client->request.text);
	if (!release_networks_are_good(terms.networks)) {
		admin_end(client, -EINVAL,
			"'%s' is no list of networks, as '192.0.2.0/24 2001:db8::/32', of at most "
			"%d; nothing is changed",
			terms.networks, RELEASE_NETWORKS_MAX);
		return;
	}
	if (terms.seconds > KEY_SECONDS_MAX) {
		admin_end(client, -EINVAL, "that is more than a year; nothing is changed");
		return;
	}
	r = write_terms(service, client, &terms);
	admin_end(client, r, "%s", r < 0 ? store_error(r) : "");
}
