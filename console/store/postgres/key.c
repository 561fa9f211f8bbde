/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of labels, wrapped; to whom they are released; and who asked. */
#include <errno.h>
#include <string.h>

#include "console/store/postgres/postgres.h"

int postgres_key_add(struct store *store, const struct store_key *key)
{
	struct pg_call call = pg_call(store, PG_KEY_REPLACE);
	int r;

	pg_blob(&call, key->label, sizeof(key->label));
	pg_int(&call, key->generation);
	pg_int(&call, key->made_ms);
	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_KEY_ADD);
	pg_blob(&call, key->label, sizeof(key->label));
	pg_int(&call, key->generation);
	pg_text(&call, key->name);
	pg_blob(&call, key->home, sizeof(key->home));
	pg_int(&call, key->slot);
	pg_blob(&call, key->wrapped, sizeof(key->wrapped));
	pg_int(&call, key->made_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

static void read_key(struct pg_rows *rows, int row, struct store_key *ret_key)
{
	pg_get_blob(rows, row, 0, ret_key->label, sizeof(ret_key->label));
	ret_key->generation = (uint32_t)pg_get_int(rows, row, 1);
	pg_get_text(rows, row, 2, ret_key->name, sizeof(ret_key->name));
	pg_get_blob(rows, row, 3, ret_key->home, sizeof(ret_key->home));
	ret_key->slot = (uint32_t)pg_get_int(rows, row, 4);
	pg_get_blob(rows, row, 5, ret_key->wrapped, sizeof(ret_key->wrapped));
	ret_key->made_ms = pg_get_int(rows, row, 6);
	ret_key->replaced_ms = pg_get_int(rows, row, 7);
	ret_key->destroyed_ms = pg_get_int(rows, row, 8);
}

int postgres_keys(
	struct store *store, const uint8_t *label, struct store_key *ret_keys, unsigned int most)
{
	struct pg_call call = pg_call(store, label ? PG_KEY_LABEL : PG_KEY_LIST);
	auto_rows rows = {0};
	int r;

	if (label)
		pg_blob(&call, label, CONSOLE_UID_SIZE);
	pg_int(&call, most);
	r = pg_run(&call, &rows);
	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++)
		read_key(&rows, i, &ret_keys[i]);
	return pg_rows_count(r, &rows, most);
}

int postgres_key_destroy(struct store *store, const struct store_key *key, const char *receipt)
{
	static const uint8_t nothing[STORE_WRAPPED_SIZE];
	struct pg_call call = pg_call(store, PG_KEY_DESTROY);

	pg_blob(&call, key->label, sizeof(key->label));
	pg_int(&call, key->generation);
	pg_blob(&call, nothing, sizeof(nothing));
	pg_int(&call, key->destroyed_ms);
	pg_text(&call, receipt);
	return pg_run_one(&call);
}

int postgres_key_receipt(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	uint32_t generation, char ret_text[STORE_RECEIPT_SIZE])
{
	struct pg_call call = pg_call(store, PG_KEY_RECEIPT);
	auto_rows rows = {0};
	int r;

	pg_blob(&call, label, CONSOLE_UID_SIZE);
	pg_int(&call, generation);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_text(&rows, 0, 0, ret_text, STORE_RECEIPT_SIZE);
	return pg_rows_check(&rows);
}

int postgres_key_terms_set(struct store *store, const struct store_key_terms *terms)
{
	struct pg_call call = pg_call(store, PG_KEY_TERMS_SET);

	pg_blob(&call, terms->label, sizeof(terms->label));
	pg_text(&call, terms->networks);
	pg_int(&call, terms->is_for_verified);
	pg_int(&call, terms->seconds);
	return pg_run_one(&call);
}

int postgres_key_terms(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	struct store_key_terms *ret_terms)
{
	struct pg_call call = pg_call(store, PG_KEY_TERMS_GET);
	auto_rows rows = {0};
	int r;

	*ret_terms = (struct store_key_terms){0};
	memcpy(ret_terms->label, label, CONSOLE_UID_SIZE);
	pg_blob(&call, label, CONSOLE_UID_SIZE);
	r = pg_run(&call, &rows);
	if (r < 0 || !rows.count)
		return r;
	pg_get_text(&rows, 0, 0, ret_terms->networks, sizeof(ret_terms->networks));
	ret_terms->is_for_verified = pg_get_int(&rows, 0, 1) != 0;
	ret_terms->seconds = pg_get_int(&rows, 0, 2);
	return pg_rows_check(&rows);
}

int postgres_key_question_add(
	struct store *store, const struct store_key_question *question, int64_t since_ms)
{
	struct pg_call call = pg_call(store, PG_KEY_QUESTION_TRIM);
	int r;

	pg_int(&call, question->device);
	pg_int(&call, since_ms);
	r = pg_run_any(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_KEY_QUESTION_ADD);
	pg_int(&call, question->device);
	pg_blob(&call, question->hash, sizeof(question->hash));
	pg_blob(&call, question->boot, sizeof(question->boot));
	pg_int(&call, question->asked_ms);
	pg_int(&call, question->time_ms);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

int postgres_key_questions(
	struct store *store, int64_t device, int64_t since_ms, int64_t *ret_count)
{
	struct pg_call call = pg_call(store, PG_KEY_QUESTION_COUNT);

	pg_int(&call, device);
	pg_int(&call, since_ms);
	return pg_run_number(&call, ret_count);
}
