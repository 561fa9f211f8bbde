/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, their certificates and what became of them. */
#include <errno.h>
#include <string.h>

#include "console/store/sqlite/sqlite.h"

static void read_device(sqlite3_stmt *statement, struct store_device *ret_device)
{
	ret_device->id = sqlite3_column_int64(statement, 0);
	sql_column_blob(statement, 1, ret_device->uid, sizeof(ret_device->uid));
	ret_device->state = (uint8_t)sqlite3_column_int(statement, 2);
	sql_column_text(statement, 3, ret_device->tenant, sizeof(ret_device->tenant));
	sql_column_text(statement, 4, ret_device->host, sizeof(ret_device->host));
	sql_column_text(statement, 5, ret_device->owner, sizeof(ret_device->owner));
	sql_column_text(statement, 6, ret_device->os, sizeof(ret_device->os));
	sql_column_text(statement, 7, ret_device->address, sizeof(ret_device->address));
	sql_column_blob(statement, 8, ret_device->key, sizeof(ret_device->key));
	ret_device->token = sqlite3_column_int64(statement, 9);
	ret_device->first_seen_ms = sqlite3_column_int64(statement, 10);
	ret_device->last_seen_ms = sqlite3_column_int64(statement, 11);
	ret_device->ack = (uint64_t)sqlite3_column_int64(statement, 12);
	sql_column_blob(statement, 13, ret_device->link, sizeof(ret_device->link));
	sql_column_blob(statement, 14, ret_device->boot, sizeof(ret_device->boot));
	ret_device->segment = (uint64_t)sqlite3_column_int64(statement, 15);
	ret_device->offered = (uint64_t)sqlite3_column_int64(statement, 16);
	ret_device->offered_ms = sqlite3_column_int64(statement, 17);
	ret_device->offers = (uint32_t)sqlite3_column_int(statement, 18);
	ret_device->is_restored = sqlite3_column_int(statement, 19) != 0;
	ret_device->word = (uint64_t)sqlite3_column_int64(statement, 20);
}

static int read_one(sqlite3_stmt *statement, struct store_device *ret_device)
{
	int r = sql_step(statement);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_device(statement, ret_device);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

static int read_many(sqlite3_stmt *statement, struct store_device *ret_devices, unsigned int most)
{
	unsigned int count = 0;
	int r;

	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_device(statement, &ret_devices[count++]);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_device_add(struct store *store, struct store_device *device)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_ADD);
	int r;

	sql_bind_blob(statement, 1, device->uid, sizeof(device->uid));
	sql_bind(statement, 2, device->state);
	sql_bind_text(statement, 3, device->host);
	sql_bind_text(statement, 4, device->owner);
	sql_bind_text(statement, 5, device->os);
	sql_bind_text(statement, 6, device->address);
	sql_bind_blob(statement, 7, device->key, sizeof(device->key));
	sql_bind(statement, 8, device->token);
	sql_bind(statement, 9, device->first_seen_ms);
	r = sql_run(statement);
	if (r < 0)
		return r;
	device->id = sqlite3_last_insert_rowid(sqlite_of(store)->sqlite);
	return 0;
}

int sqlite_device_by_id(struct store *store, int64_t id, struct store_device *ret_device)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_BY_ID);

	sql_bind(statement, 1, id);
	return read_one(statement, ret_device);
}

/* There is one writer: all of it is locked. */
int sqlite_device_lock(struct store *store, int64_t id, struct store_device *ret_device)
{
	return sqlite_device_by_id(store, id, ret_device);
}

int sqlite_device_by_uid(
	struct store *store, const uint8_t uid[CONSOLE_UID_SIZE], struct store_device *ret_device)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_BY_UID);

	sql_bind_blob(statement, 1, uid, CONSOLE_UID_SIZE);
	return read_one(statement, ret_device);
}

int sqlite_device_by_key(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], struct store_device *ret_device)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_BY_KEY);

	sql_bind_blob(statement, 1, key, CONSOLE_HASH_SIZE);
	return read_one(statement, ret_device);
}

int sqlite_devices(
	struct store *store, int64_t after, struct store_device *ret_devices, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_NEXT);

	sql_bind(statement, 1, after);
	sql_bind(statement, 2, most);
	return read_many(statement, ret_devices, most);
}

int sqlite_devices_named(
	struct store *store, const char *host, struct store_device *ret_devices, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_NAMED);

	sql_bind_text(statement, 1, host);
	sql_bind(statement, 2, most);
	return read_many(statement, ret_devices, most);
}

int sqlite_user_devices(struct store *store, const char *name, int64_t after,
	struct store_device *ret_devices, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, USER_DEVICES);

	sql_bind_text(statement, 1, name);
	sql_bind(statement, 2, after);
	sql_bind(statement, 3, most);
	return read_many(statement, ret_devices, most);
}

int sqlite_device_set_state(struct store *store, int64_t id, uint8_t state, const char *who,
	const char *why, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, CHANGE_ADD);
	int r;

	sql_bind(statement, 1, id);
	sql_bind(statement, 2, now_ms);
	sql_bind(statement, 3, state);
	sql_bind_text(statement, 4, who);
	sql_bind_text(statement, 5, why);
	r = sqlite_run_one(store, statement);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, DEVICE_STATE);
	sql_bind(statement, 1, id);
	sql_bind(statement, 2, state);
	return sqlite_run_one(store, statement);
}

int sqlite_device_set_word(struct store *store, int64_t id, uint64_t word)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_WORD);

	sql_bind(statement, 1, id);
	sql_bind(statement, 2, (int64_t)word);
	return sqlite_run_one(store, statement);
}

int sqlite_device_set_key(
	struct store *store, int64_t id, const uint8_t key[CONSOLE_HASH_SIZE], int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_KEY);

	sql_bind(statement, 1, id);
	sql_bind_blob(statement, 2, key, CONSOLE_HASH_SIZE);
	sql_bind(statement, 3, now_ms);
	return sqlite_run_one(store, statement);
}

int sqlite_device_seen(struct store *store, int64_t id, const char *address, int64_t now_ms)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_SEEN);

	sql_bind(statement, 1, id);
	sql_bind_text(statement, 2, address);
	sql_bind(statement, 3, now_ms);
	return sqlite_run_one(store, statement);
}

int sqlite_device_describe(
	struct store *store, int64_t id, const char *host, const char *os, const char *details)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_DESCRIBE);

	sql_bind(statement, 1, id);
	sql_bind_text(statement, 2, host);
	sql_bind_text(statement, 3, os);
	sql_bind_text(statement, 4, details);
	return sqlite_run_one(store, statement);
}

int sqlite_device_details(struct store *store, int64_t id, char ret_json[STORE_DETAILS_SIZE])
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_DETAILS);
	int r;

	sql_bind(statement, 1, id);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sql_column_text(statement, 0, ret_json, STORE_DETAILS_SIZE);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_device_advance(struct store *store, const struct store_device *device)
{
	sqlite3_stmt *statement = sqlite_statement(store, DEVICE_ADVANCE);

	sql_bind(statement, 1, device->id);
	sql_bind(statement, 2, (int64_t)device->ack);
	sql_bind_blob(statement, 3, device->link, sizeof(device->link));
	sql_bind_blob(statement, 4, device->boot, sizeof(device->boot));
	sql_bind(statement, 5, (int64_t)device->segment);
	sql_bind(statement, 6, (int64_t)device->offered);
	sql_bind(statement, 7, device->offered_ms);
	sql_bind(statement, 8, device->offers);
	sql_bind(statement, 9, device->is_restored);
	return sqlite_run_one(store, statement);
}

int sqlite_devices_restored(struct store *store)
{
	return sql_run(sqlite_statement(store, DEVICE_RESTORED));
}

int sqlite_changes(
	struct store *store, int64_t device, struct store_change *ret_changes, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, CHANGE_LAST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		struct store_change *change = &ret_changes[count++];

		if (r < 0)
			return r;
		change->time_ms = sqlite3_column_int64(statement, 0);
		change->from = (uint8_t)sqlite3_column_int(statement, 1);
		change->to = (uint8_t)sqlite3_column_int(statement, 2);
		sql_column_text(statement, 3, change->who, sizeof(change->who));
		sql_column_text(statement, 4, change->why, sizeof(change->why));
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_certificate_add(struct store *store, const struct store_certificate *certificate)
{
	sqlite3_stmt *statement = sqlite_statement(store, CERTIFICATE_ADD);

	sql_bind_blob(statement, 1, certificate->fingerprint, sizeof(certificate->fingerprint));
	sql_bind(statement, 2, certificate->device);
	sql_bind_blob(statement, 3, certificate->key, sizeof(certificate->key));
	sql_bind_text(statement, 4, certificate->serial);
	sql_bind(statement, 5, certificate->not_before_ms);
	sql_bind(statement, 6, certificate->not_after_ms);
	sql_bind(statement, 7, certificate->made_ms);
	sql_bind_blob(statement, 8, certificate->der, certificate->size);
	return sql_run(statement);
}

static void read_certificate(sqlite3_stmt *statement, struct store_certificate *ret_certificate)
{
	sql_column_blob(
		statement, 0, ret_certificate->fingerprint, sizeof(ret_certificate->fingerprint));
	ret_certificate->device = sqlite3_column_int64(statement, 1);
	sql_column_blob(statement, 2, ret_certificate->key, sizeof(ret_certificate->key));
	sql_column_text(statement, 3, ret_certificate->serial, sizeof(ret_certificate->serial));
	ret_certificate->not_before_ms = sqlite3_column_int64(statement, 4);
	ret_certificate->not_after_ms = sqlite3_column_int64(statement, 5);
	ret_certificate->made_ms = sqlite3_column_int64(statement, 6);
	ret_certificate->is_used = sqlite3_column_int(statement, 7) != 0;
	ret_certificate->is_replaced = sqlite3_column_int(statement, 8) != 0;
	ret_certificate->size = 0;
}

int sqlite_certificate_find(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE],
	struct store_certificate *ret_certificate)
{
	sqlite3_stmt *statement = sqlite_statement(store, CERTIFICATE_FIND);
	size_t size;
	int r;

	sql_bind_blob(statement, 1, fingerprint, CONSOLE_HASH_SIZE);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_certificate(statement, ret_certificate);
	size = (size_t)sqlite3_column_bytes(statement, 9);
	if (size > 0 && size <= sizeof(ret_certificate->der)) {
		sql_column_blob(statement, 9, ret_certificate->der, size);
		ret_certificate->size = (uint16_t)size;
	}
	(void)sqlite3_reset(statement); /* of a row that was there */
	return 0;
}

int sqlite_certificate_key_owner(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], int64_t *ret_device)
{
	sqlite3_stmt *statement = sqlite_statement(store, CERTIFICATE_KEY_OWNER);

	sql_bind_blob(statement, 1, key, CONSOLE_HASH_SIZE);
	return sql_number(statement, ret_device);
}

int sqlite_certificate_used(
	struct store *store, int64_t device, const uint8_t fingerprint[CONSOLE_HASH_SIZE])
{
	sqlite3_stmt *statement = sqlite_statement(store, CERTIFICATE_USED);
	int r;

	sql_bind_blob(statement, 1, fingerprint, CONSOLE_HASH_SIZE);
	r = sqlite_run_one(store, statement);
	if (r < 0)
		return r;
	statement = sqlite_statement(store, CERTIFICATE_REPLACE);
	sql_bind(statement, 1, device);
	sql_bind_blob(statement, 2, fingerprint, CONSOLE_HASH_SIZE);
	return sql_run(statement);
}

int sqlite_certificates(struct store *store, int64_t device,
	struct store_certificate *ret_certificates, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, CERTIFICATE_LAST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, device);
	sql_bind(statement, 2, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r < 0)
			return r;
		read_certificate(statement, &ret_certificates[count++]);
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}
