/* SPDX-License-Identifier: Apache-2.0 */
/* What was published, to whom, and what devices said of it. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/admin_server.h"

#define HISTORY_MAX   100
#define HISTORY_USUAL 20
#define CODES_MAX     8 /* different reasons that are told of one version */

struct tally {
	struct store_policy policy;
	unsigned int wanted; /* devices whose policy it is */
	unsigned int applied, refused;
	struct {
		char code[32];
		unsigned int count;
	} codes[CODES_MAX];
};

struct history {
	struct store *store;
	struct tally *tallies; /* newest first */
	int count, error;
};

static struct tally *tally_of(const struct history *history, uint64_t version)
{
	for (int i = 0; version && i < history->count; i++)
		if (history->tallies[i].policy.version == version)
			return &history->tallies[i];
	return NULL;
}

static void count_code(struct tally *tally, const char *code)
{
	unsigned int i = 0;

	tally->refused++;
	while (i < CODES_MAX - 1 && tally->codes[i].count && strcmp(tally->codes[i].code, code))
		i++;
	memcpy(tally->codes[i].code, code, sizeof(tally->codes[i].code));
	tally->codes[i].count++;
}

static bool count_device(const struct store_fleet *fleet, void *userdata)
{
	struct history *history = userdata;
	struct tally *tally;
	uint64_t version;

	history->error = distribution_find(history->store, fleet->device, fleet->uid, 0, &version);
	if (history->error < 0)
		return false;
	/* it has one that is newer than what is for it now: that stays */
	tally = tally_of(history, version > fleet->applied ? version : fleet->applied);
	if (tally)
		tally->wanted++;
	tally = tally_of(history, fleet->applied);
	if (tally)
		tally->applied++;
	tally = fleet->refused == fleet->applied ? NULL : tally_of(history, fleet->refused);
	if (tally)
		count_code(tally, fleet->code);
	return true;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *name, uint64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_uint64(number));
}

static struct json_object *policy_object(const struct store_policy *policy)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "version", policy->version);
	add_text(object, "name", policy->name);
	add_text(object, "digest", policy->digest);
	add_text(object, "key", policy->key_id);
	add_number(object, "made", (uint64_t)policy->made_ms);
	add_number(object, "expires", (uint64_t)policy->expires_ms);
	add_number(object, "size", policy->size);
	if (policy->origin)
		add_number(object, "repeats", policy->origin);
	add_number(object, "percent", policy->percent);
	add_text(object, "groups", policy->groups);
	add_number(object, "published", (uint64_t)policy->published_ms);
	add_text(object, "who", policy->who);
	add_text(object, "why", policy->why);
	return object;
}

static struct json_object *tally_object(const struct tally *tally)
{
	struct json_object *object = policy_object(&tally->policy);
	struct json_object *codes = json_object_new_object();

	add_number(object, "devices", tally->wanted);
	add_number(object, "applied", tally->applied);
	add_number(object, "rejected", tally->refused);
	for (unsigned int i = 0; i < CODES_MAX && tally->codes[i].count; i++)
		add_number(codes, tally->codes[i].code, tally->codes[i].count);
	(void)json_object_object_add(object, "codes", codes);
	return object;
}

void admin_policies(struct service *service, struct admin_client *client)
{
	static struct store_policy policies[HISTORY_MAX]; /* too large for the stack */
	unsigned int most = client->request.limit ? client->request.limit : HISTORY_USUAL;
	auto_free struct tally *tallies = calloc(HISTORY_MAX, sizeof(*tallies));
	struct history history = {.store = service->reader, .tallies = tallies};
	int r = -ENOMEM;

	if (tallies)
		r = store_policies(
			service->reader, policies, most < HISTORY_MAX ? most : HISTORY_MAX);
	for (int i = 0; i < r; i++)
		tallies[i].policy = policies[i];
	history.count = r;
	if (r > 0)
		r = store_fleet(service->reader, count_device, &history);
	if (r == 0 && history.error < 0)
		r = history.error;
	if (r < 0) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return;
	}
	for (int i = history.count; i > 0; i--)
		admin_line(client, tally_object(&tallies[i - 1]));
	admin_end(client, 0, "%s", "");
}

void admin_policy(struct service *service, struct admin_client *client)
{
	static struct store_policy policy; /* too large for the stack */
	uint32_t size;
	int fd, r;

	r = store_policy_get(service->reader, client->request.number, &policy);
	if (r == 0)
		r = distribution_file(
			&service->bundles, service->reader, policy.version, &fd, &size);
	if (r == -ENOENT)
		admin_end(client, r,
			client->request.number ? "there is no version %llu"
					       : "no policy is published yet",
			(unsigned long long)client->request.number);
	else if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	if (r < 0)
		return;
	admin_line_with(client, policy_object(&policy), fd);
	admin_end(client, 0, "%s", "");
}
