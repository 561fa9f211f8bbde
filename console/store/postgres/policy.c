/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that were published, and the tags of devices that they are for. */
#include <errno.h>
#include <string.h>

#include "console/store/postgres/postgres.h"

static void read_policy(struct pg_rows *rows, int row, struct store_policy *ret_policy)
{
	ret_policy->version = (uint64_t)pg_get_int(rows, row, 0);
	pg_get_text(rows, row, 1, ret_policy->name, sizeof(ret_policy->name));
	pg_get_text(rows, row, 2, ret_policy->digest, sizeof(ret_policy->digest));
	pg_get_text(rows, row, 3, ret_policy->key_id, sizeof(ret_policy->key_id));
	ret_policy->made_ms = pg_get_int(rows, row, 4);
	ret_policy->expires_ms = pg_get_int(rows, row, 5);
	ret_policy->size = (uint32_t)pg_get_int(rows, row, 6);
	ret_policy->origin = (uint64_t)pg_get_int(rows, row, 7);
	ret_policy->percent = (uint32_t)pg_get_int(rows, row, 8);
	pg_get_text(rows, row, 9, ret_policy->groups, sizeof(ret_policy->groups));
	ret_policy->published_ms = pg_get_int(rows, row, 10);
	pg_get_text(rows, row, 11, ret_policy->who, sizeof(ret_policy->who));
	pg_get_text(rows, row, 12, ret_policy->why, sizeof(ret_policy->why));
}

static int add_groups(struct store *store, const struct store_policy *policy)
{
	char groups[STORE_TEXT_SIZE], *rest = NULL;

	memcpy(groups, policy->groups, sizeof(groups));
	for (char *tag = strtok_r(groups, " ", &rest); tag; tag = strtok_r(NULL, " ", &rest)) {
		struct pg_call call = pg_call(store, PG_POLICY_GROUP_ADD);
		int r;

		pg_int(&call, (int64_t)policy->version);
		pg_text(&call, tag);
		r = pg_run_any(&call);
		if (r < 0)
			return r;
	}
	return 0;
}

int postgres_policy_add(struct store *store, const struct store_policy *policy, const void *bundle)
{
	struct pg_call call = pg_call(store, PG_POLICY_ADD);
	int r;

	pg_int(&call, (int64_t)policy->version);
	pg_text(&call, policy->name);
	pg_text(&call, policy->digest);
	pg_text(&call, policy->key_id);
	pg_int(&call, policy->made_ms);
	pg_int(&call, policy->expires_ms);
	pg_int(&call, policy->size);
	pg_int(&call, (int64_t)policy->origin);
	pg_int(&call, policy->percent);
	pg_int(&call, policy->published_ms);
	pg_text(&call, policy->who);
	pg_text(&call, policy->why);
	r = pg_run_one(&call);
	if (r < 0)
		return r == -ENOENT ? -EEXIST : r;
	call = pg_call(store, PG_BUNDLE_ADD);
	pg_int(&call, (int64_t)policy->version);
	pg_blob(&call, bundle, policy->size);
	r = pg_run_any(&call);
	return r < 0 ? r : add_groups(store, policy);
}

int postgres_policy_last(struct store *store, uint64_t *ret_version)
{
	struct pg_call call = pg_call(store, PG_POLICY_LAST);
	int64_t version;
	int r = pg_run_number(&call, &version);

	if (r == 0)
		*ret_version = (uint64_t)version;
	return r;
}

static int read_many(struct pg_call *call, struct store_policy *ret_policies, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++)
		read_policy(&rows, i, &ret_policies[i]);
	return pg_rows_count(r, &rows, most);
}

int postgres_policy_get(struct store *store, uint64_t version, struct store_policy *ret_policy)
{
	struct pg_call call;
	int r = 0;

	if (!version)
		r = postgres_policy_last(store, &version);
	if (r < 0)
		return r;
	call = pg_call(store, PG_POLICY_GET);
	pg_int(&call, (int64_t)version);
	r = read_many(&call, ret_policy, 1);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

int postgres_policy_bundle(
	struct store *store, uint64_t version, uint8_t **ret_bytes, size_t *ret_size)
{
	struct pg_call call = pg_call(store, PG_BUNDLE_GET);
	auto_rows rows = {0};
	const void *found;
	uint8_t *bytes;
	size_t size;
	int r;

	pg_int(&call, (int64_t)version);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	found = pg_get_bytes(&rows, 0, 0, &size);
	if (size > CONSOLE_POLICY_MAX)
		return -EBADMSG;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, found, size);
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

int postgres_policies(struct store *store, struct store_policy *ret_policies, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_POLICY_LIST);

	pg_int(&call, most);
	return read_many(&call, ret_policies, most);
}

int postgres_policy_set_percent(struct store *store, uint64_t version, uint32_t percent)
{
	struct pg_call call = pg_call(store, PG_POLICY_PERCENT);

	pg_int(&call, (int64_t)version);
	pg_int(&call, percent);
	return pg_run_one(&call);
}

int postgres_policy_candidates(struct store *store, int64_t device, uint64_t have,
	struct store_candidate *ret_candidates, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_POLICY_CANDIDATES);
	auto_rows rows = {0};
	int r;

	pg_int(&call, device);
	pg_int(&call, (int64_t)have);
	pg_int(&call, most);
	r = pg_run(&call, &rows);
	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++)
		ret_candidates[i] = (struct store_candidate){
			(uint64_t)pg_get_int(&rows, i, 0), (uint32_t)pg_get_int(&rows, i, 1)};
	return pg_rows_count(r, &rows, most);
}

static struct pg_call tag_call(
	struct store *store, enum postgres_statement which, int64_t device, const char *tag)
{
	struct pg_call call = pg_call(store, which);

	pg_int(&call, device);
	if (tag)
		pg_text(&call, tag);
	return call;
}

int postgres_tag_add(struct store *store, int64_t device, const char *tag)
{
	struct pg_call call = tag_call(store, PG_TAG_ADD, device, tag);
	int64_t count;
	int r;

	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = tag_call(store, PG_TAG_COUNT, device, NULL);
	r = pg_run_number(&call, &count);
	if (r < 0)
		return r;
	return count > STORE_TAGS_MAX ? -E2BIG : 0;
}

int postgres_tag_remove(struct store *store, int64_t device, const char *tag)
{
	struct pg_call call = tag_call(store, PG_TAG_REMOVE, device, tag);

	return pg_run_any(&call);
}

int postgres_tags(struct store *store, int64_t device, char *ret_tags, size_t size)
{
	struct pg_call call = tag_call(store, PG_TAG_LIST, device, NULL);
	auto_rows rows = {0};
	int r = pg_run(&call, &rows);

	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_text(&rows, 0, 0, ret_tags, size);
	return pg_rows_check(&rows);
}
