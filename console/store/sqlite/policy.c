/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that were published, and the tags of devices that they are for. */
#include <errno.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

static void read_policy(sqlite3_stmt *statement, struct store_policy *ret_policy)
{
	ret_policy->version = (uint64_t)sqlite3_column_int64(statement, 0);
	sql_column_text(statement, 1, ret_policy->name, sizeof(ret_policy->name));
	sql_column_text(statement, 2, ret_policy->digest, sizeof(ret_policy->digest));
	sql_column_text(statement, 3, ret_policy->key_id, sizeof(ret_policy->key_id));
	ret_policy->made_ms = sqlite3_column_int64(statement, 4);
	ret_policy->expires_ms = sqlite3_column_int64(statement, 5);
	ret_policy->size = (uint32_t)sqlite3_column_int64(statement, 6);
	ret_policy->origin = (uint64_t)sqlite3_column_int64(statement, 7);
	ret_policy->percent = (uint32_t)sqlite3_column_int(statement, 8);
	sql_column_text(statement, 9, ret_policy->groups, sizeof(ret_policy->groups));
	ret_policy->published_ms = sqlite3_column_int64(statement, 10);
	sql_column_text(statement, 11, ret_policy->who, sizeof(ret_policy->who));
	sql_column_text(statement, 12, ret_policy->why, sizeof(ret_policy->why));
}

static int add_groups(struct store *store, const struct store_policy *policy)
{
	char groups[STORE_TEXT_SIZE], *rest = NULL;

	memcpy(groups, policy->groups, sizeof(groups));
	for (char *tag = strtok_r(groups, " ", &rest); tag; tag = strtok_r(NULL, " ", &rest)) {
		sqlite3_stmt *statement = sqlite_statement(store, POLICY_GROUP_ADD);
		int r;

		sql_bind(statement, 1, (int64_t)policy->version);
		sql_bind_text(statement, 2, tag);
		r = sql_run(statement);
		if (r < 0)
			return r;
	}
	return 0;
}

int sqlite_policy_add(struct store *store, const struct store_policy *policy, const void *bundle)
{
	sqlite3_stmt *statement = sqlite_statement(store, POLICY_ADD);
	int r;

	sql_bind(statement, 1, (int64_t)policy->version);
	sql_bind_text(statement, 2, policy->name);
	sql_bind_text(statement, 3, policy->digest);
	sql_bind_text(statement, 4, policy->key_id);
	sql_bind(statement, 5, policy->made_ms);
	sql_bind(statement, 6, policy->expires_ms);
	sql_bind(statement, 7, policy->size);
	sql_bind(statement, 8, (int64_t)policy->origin);
	sql_bind(statement, 9, policy->percent);
	sql_bind(statement, 10, policy->published_ms);
	sql_bind_text(statement, 11, policy->who);
	sql_bind_text(statement, 12, policy->why);
	r = sqlite_run_one(store, statement);
	if (r < 0)
		return r == -ENOENT ? -EEXIST : r;
	statement = sqlite_statement(store, BUNDLE_ADD);
	sql_bind(statement, 1, (int64_t)policy->version);
	sql_bind_blob(statement, 2, bundle, policy->size);
	r = sql_run(statement);
	return r < 0 ? r : add_groups(store, policy);
}

int sqlite_policy_last(struct store *store, uint64_t *ret_version)
{
	int64_t version;
	int r;

	r = sql_number(sqlite_statement(store, POLICY_LAST), &version);
	if (r == 0)
		*ret_version = (uint64_t)version;
	return r;
}

int sqlite_policy_get(struct store *store, uint64_t version, struct store_policy *ret_policy)
{
	sqlite3_stmt *statement;
	int r = 0;

	if (!version)
		r = sqlite_policy_last(store, &version);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, POLICY_GET);
	sql_bind(statement, 1, (int64_t)version);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_policy(statement, ret_policy);
	(void)sqlite3_reset(statement); /* of a row that was there, here and below */
	return 0;
}

int sqlite_policy_bundle(
	struct store *store, uint64_t version, uint8_t **ret_bytes, size_t *ret_size)
{
	sqlite3_stmt *statement = sqlite_statement(store, BUNDLE_GET);
	auto_free uint8_t *bytes = NULL;
	size_t size;
	int r;

	sql_bind(statement, 1, (int64_t)version);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	size = (size_t)sqlite3_column_bytes(statement, 0);
	bytes = malloc(size + 1);
	if (bytes && size)
		memcpy(bytes, sqlite3_column_blob(statement, 0), size);
	(void)sqlite3_reset(statement);
	if (!bytes)
		return -ENOMEM;
	*ret_size = size;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

int sqlite_policies(struct store *store, struct store_policy *ret_policies, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, POLICY_LIST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_policy(statement, &ret_policies[count++]);
	}
	(void)sqlite3_reset(statement);
	return (int)count;
}

int sqlite_policy_set_percent(struct store *store, uint64_t version, uint32_t percent)
{
	sqlite3_stmt *statement = sqlite_statement(store, POLICY_PERCENT);

	sql_bind(statement, 1, (int64_t)version);
	sql_bind(statement, 2, percent);
	return sqlite_run_one(store, statement);
}

int sqlite_policy_candidates(struct store *store, int64_t device, uint64_t have,
	struct store_candidate *ret_candidates, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, POLICY_CANDIDATES);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, (int64_t)have);
	sql_bind(statement, 3, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		ret_candidates[count++] = (struct store_candidate){
			(uint64_t)sqlite3_column_int64(statement, 0),
			(uint32_t)sqlite3_column_int(statement, 1)};
	}
	(void)sqlite3_reset(statement);
	return (int)count;
}

static sqlite3_stmt *tag_statement(
	struct store *store, enum statement which, int64_t device, const char *tag)
{
	sqlite3_stmt *statement = sqlite_statement(store, which);

	sql_bind(statement, 1, device);
	if (tag)
		sql_bind_text(statement, 2, tag);
	return statement;
}

int sqlite_tag_add(struct store *store, int64_t device, const char *tag)
{
	int64_t count;
	int r;

	r = sql_run(tag_statement(store, TAG_ADD, device, tag));
	if (r == 0)
		r = sql_number(tag_statement(store, TAG_COUNT, device, NULL), &count);
	if (r < 0)
		return r;
	return count > STORE_TAGS_MAX ? -E2BIG : 0;
}

int sqlite_tag_remove(struct store *store, int64_t device, const char *tag)
{
	return sql_run(tag_statement(store, TAG_REMOVE, device, tag));
}

int sqlite_tags(struct store *store, int64_t device, char *ret_tags, size_t size)
{
	sqlite3_stmt *statement = tag_statement(store, TAG_LIST, device, NULL);
	int r;

	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_text(statement, 0, ret_tags, size);
	(void)sqlite3_reset(statement);
	return 0;
}
