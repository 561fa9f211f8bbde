/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of labels, wrapped; to whom they are released; and who asked. */
#include <errno.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

int sqlite_key_add(struct store *store, const struct store_key *key)
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_REPLACE);
	int r;

	sql_bind_blob(statement, 1, key->label, sizeof(key->label));
	sql_bind(statement, 2, key->generation);
	sql_bind(statement, 3, key->made_ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, KEY_ADD);
	sql_bind_blob(statement, 1, key->label, sizeof(key->label));
	sql_bind(statement, 2, key->generation);
	sql_bind_text(statement, 3, key->name);
	sql_bind_blob(statement, 4, key->home, sizeof(key->home));
	sql_bind(statement, 5, key->slot);
	sql_bind_blob(statement, 6, key->wrapped, sizeof(key->wrapped));
	sql_bind(statement, 7, key->made_ms);
	return sql_run(statement);
}

static void read_key(sqlite3_stmt *statement, struct store_key *ret_key)
{
	sql_column_blob(statement, 0, ret_key->label, sizeof(ret_key->label));
	ret_key->generation = (uint32_t)sqlite3_column_int64(statement, 1);
	sql_column_text(statement, 2, ret_key->name, sizeof(ret_key->name));
	sql_column_blob(statement, 3, ret_key->home, sizeof(ret_key->home));
	ret_key->slot = (uint32_t)sqlite3_column_int64(statement, 4);
	sql_column_blob(statement, 5, ret_key->wrapped, sizeof(ret_key->wrapped));
	ret_key->made_ms = sqlite3_column_int64(statement, 6);
	ret_key->replaced_ms = sqlite3_column_int64(statement, 7);
	ret_key->destroyed_ms = sqlite3_column_int64(statement, 8);
}

int sqlite_keys(
	struct store *store, const uint8_t *label, struct store_key *ret_keys, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, label ? KEY_LABEL : KEY_LIST);
	unsigned int count = 0;
	int r;

	if (label)
		sql_bind_blob(statement, 1, label, CONSOLE_UID_SIZE);
	sql_bind(statement, label ? 2 : 1, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_key(statement, &ret_keys[count++]);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_key_destroy(struct store *store, const struct store_key *key, const char *receipt)
{
	static const uint8_t nothing[STORE_WRAPPED_SIZE];
	sqlite3_stmt *statement = sqlite_statement(store, KEY_DESTROY);

	sql_bind_blob(statement, 1, key->label, sizeof(key->label));
	sql_bind(statement, 2, key->generation);
	sql_bind_blob(statement, 3, nothing, sizeof(nothing));
	sql_bind(statement, 4, key->destroyed_ms);
	sql_bind_text(statement, 5, receipt);
	return sqlite_run_one(store, statement);
}

int sqlite_key_receipt(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	uint32_t generation, char ret_text[STORE_RECEIPT_SIZE])
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_RECEIPT);
	int r;

	sql_bind_blob(statement, 1, label, CONSOLE_UID_SIZE);
	sql_bind(statement, 2, generation);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_text(statement, 0, ret_text, STORE_RECEIPT_SIZE);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_key_terms_set(struct store *store, const struct store_key_terms *terms)
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_TERMS_SET);

	sql_bind_blob(statement, 1, terms->label, sizeof(terms->label));
	sql_bind_text(statement, 2, terms->networks);
	sql_bind(statement, 3, terms->is_for_verified);
	sql_bind(statement, 4, terms->seconds);
	return sql_run(statement);
}

int sqlite_key_terms(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	struct store_key_terms *ret_terms)
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_TERMS_GET);
	int r;

	*ret_terms = (struct store_key_terms){0};
	memcpy(ret_terms->label, label, CONSOLE_UID_SIZE);
	sql_bind_blob(statement, 1, label, CONSOLE_UID_SIZE);
	r = sql_step(statement);
	if (r <= 0)
		return r;
	sql_column_text(statement, 0, ret_terms->networks, sizeof(ret_terms->networks));
	ret_terms->is_for_verified = sqlite3_column_int(statement, 1) != 0;
	ret_terms->seconds = sqlite3_column_int64(statement, 2);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_key_question_add(
	struct store *store, const struct store_key_question *question, int64_t since_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_QUESTION_TRIM);
	int r;

	sql_bind(statement, 1, question->device);
	sql_bind(statement, 2, since_ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, KEY_QUESTION_ADD);
	sql_bind(statement, 1, question->device);
	sql_bind_blob(statement, 2, question->hash, sizeof(question->hash));
	sql_bind_blob(statement, 3, question->boot, sizeof(question->boot));
	sql_bind(statement, 4, question->asked_ms);
	sql_bind(statement, 5, question->time_ms);
	r = sqlite_run_one(store, statement);
	return r == -ENOENT ? -EEXIST : r;
}

int sqlite_key_questions(struct store *store, int64_t device, int64_t since_ms, int64_t *ret_count)
{
	sqlite3_stmt *statement = sqlite_statement(store, KEY_QUESTION_COUNT);

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, since_ms);
	return sql_number(statement, ret_count);
}
