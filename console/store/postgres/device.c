/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and what became of them. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "console/store/postgres/postgres.h"

/* Random, so that devices that enrol at once do not meet; what JSON's readers take as it is. */
#define ID_MASK ((INT64_C(1) << 53) - 1)

static void read_device(struct pg_rows *rows, int row, struct store_device *ret_device)
{
	*ret_device = (struct store_device){.id = pg_get_int(rows, row, 0),
		.state = (uint8_t)pg_get_int(rows, row, 2),
		.token = pg_get_int(rows, row, 9),
		.first_seen_ms = pg_get_int(rows, row, 10),
		.last_seen_ms = pg_get_int(rows, row, 11),
		.ack = (uint64_t)pg_get_int(rows, row, 12),
		.segment = (uint64_t)pg_get_int(rows, row, 15),
		.offered = (uint64_t)pg_get_int(rows, row, 16),
		.offered_ms = pg_get_int(rows, row, 17),
		.offers = (uint32_t)pg_get_int(rows, row, 18),
		.is_restored = pg_get_int(rows, row, 19) != 0,
		.word = (uint64_t)pg_get_int(rows, row, 20)};
	pg_get_blob(rows, row, 1, ret_device->uid, sizeof(ret_device->uid));
	pg_get_text(rows, row, 3, ret_device->tenant, sizeof(ret_device->tenant));
	pg_get_text(rows, row, 4, ret_device->host, sizeof(ret_device->host));
	pg_get_text(rows, row, 5, ret_device->owner, sizeof(ret_device->owner));
	pg_get_text(rows, row, 6, ret_device->os, sizeof(ret_device->os));
	pg_get_text(rows, row, 7, ret_device->address, sizeof(ret_device->address));
	pg_get_blob(rows, row, 8, ret_device->key, sizeof(ret_device->key));
	pg_get_blob(rows, row, 13, ret_device->link, sizeof(ret_device->link));
	pg_get_blob(rows, row, 14, ret_device->boot, sizeof(ret_device->boot));
}

static int read_many(struct pg_call *call, struct store_device *ret_devices, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	if (r < 0)
		return r;
	for (int i = 0; i < rows.count && (unsigned int)i < most; i++)
		read_device(&rows, i, &ret_devices[i]);
	r = pg_rows_check(&rows);
	return r < 0 ? r : rows.count;
}

static int read_one(struct pg_call *call, struct store_device *ret_device)
{
	struct store_device device;
	int count = read_many(call, &device, 1);

	if (count <= 0)
		return count < 0 ? count : -ENOENT;
	*ret_device = device;
	return 0;
}

int postgres_device_add(struct store *store, struct store_device *device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_ADD);
	int64_t id;
	int r;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	id = (id & ID_MASK) | 1;
	pg_int(&call, id);
	pg_blob(&call, device->uid, sizeof(device->uid));
	pg_int(&call, device->state);
	pg_text(&call, device->host);
	pg_text(&call, device->owner);
	pg_text(&call, device->os);
	pg_text(&call, device->address);
	pg_blob(&call, device->key, sizeof(device->key));
	pg_int(&call, device->token);
	pg_int(&call, device->first_seen_ms);
	r = pg_run_one(&call);
	if (r < 0)
		return r == -ENOENT ? -EEXIST : r;
	device->id = id;
	return 0;
}

int postgres_device_lock(struct store *store, int64_t id, struct store_device *ret_device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_LOCK);

	pg_int(&call, id);
	return read_one(&call, ret_device);
}

int postgres_device_by_id(struct store *store, int64_t id, struct store_device *ret_device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_BY_ID);

	pg_int(&call, id);
	return read_one(&call, ret_device);
}

int postgres_device_by_uid(
	struct store *store, const uint8_t uid[CONSOLE_UID_SIZE], struct store_device *ret_device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_BY_UID);

	pg_blob(&call, uid, CONSOLE_UID_SIZE);
	return read_one(&call, ret_device);
}

int postgres_device_by_key(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], struct store_device *ret_device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_BY_KEY);

	pg_blob(&call, key, CONSOLE_HASH_SIZE);
	return read_one(&call, ret_device);
}

int postgres_devices(
	struct store *store, int64_t after, struct store_device *ret_devices, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_DEVICE_NEXT);

	pg_int(&call, after);
	pg_int(&call, most);
	return read_many(&call, ret_devices, most);
}

int postgres_devices_named(
	struct store *store, const char *host, struct store_device *ret_devices, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_DEVICE_NAMED);

	pg_text(&call, host);
	pg_int(&call, most);
	return read_many(&call, ret_devices, most);
}

int postgres_user_devices(struct store *store, const char *name, int64_t after,
	struct store_device *ret_devices, unsigned int most)
{
	struct pg_call call = pg_call(store, PG_USER_DEVICES);

	pg_text(&call, name);
	pg_int(&call, after);
	pg_int(&call, most);
	return read_many(&call, ret_devices, most);
}

int postgres_device_set_state(struct store *store, int64_t id, uint8_t state, const char *who,
	const char *why, int64_t now_ms)
{
	struct store_device device;
	struct pg_call call;
	int r;

	r = postgres_device_lock(
		store, id, &device); /* what it was, and the next number of its changes */
	if (r < 0)
		return r;
	call = pg_call(store, PG_CHANGE_ADD);
	pg_int(&call, id);
	pg_int(&call, now_ms);
	pg_int(&call, state);
	pg_text(&call, who);
	pg_text(&call, why);
	r = pg_run_one(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_DEVICE_STATE);
	pg_int(&call, id);
	pg_int(&call, state);
	return pg_run_one(&call);
}

int postgres_device_set_word(struct store *store, int64_t id, uint64_t word)
{
	struct pg_call call = pg_call(store, PG_DEVICE_WORD);

	pg_int(&call, id);
	pg_int(&call, (int64_t)word);
	return pg_run_one(&call);
}

int postgres_device_set_key(
	struct store *store, int64_t id, const uint8_t key[CONSOLE_HASH_SIZE], int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_DEVICE_KEY);

	pg_int(&call, id);
	pg_blob(&call, key, CONSOLE_HASH_SIZE);
	pg_int(&call, now_ms);
	return pg_run_one(&call);
}

int postgres_device_seen(struct store *store, int64_t id, const char *address, int64_t now_ms)
{
	struct pg_call call = pg_call(store, PG_DEVICE_SEEN);

	pg_int(&call, id);
	pg_text(&call, address);
	pg_int(&call, now_ms);
	return pg_run_one(&call);
}

int postgres_device_describe(
	struct store *store, int64_t id, const char *host, const char *os, const char *details)
{
	struct pg_call call = pg_call(store, PG_DEVICE_DESCRIBE);

	pg_int(&call, id);
	pg_text(&call, host);
	pg_text(&call, os);
	pg_text(&call, details);
	return pg_run_one(&call);
}

int postgres_device_details(struct store *store, int64_t id, char ret_json[STORE_DETAILS_SIZE])
{
	struct pg_call call = pg_call(store, PG_DEVICE_DETAILS);
	auto_rows rows = {0};
	int r;

	pg_int(&call, id);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_text(&rows, 0, 0, ret_json, STORE_DETAILS_SIZE);
	return pg_rows_check(&rows);
}

int postgres_device_advance(struct store *store, const struct store_device *device)
{
	struct pg_call call = pg_call(store, PG_DEVICE_ADVANCE);

	pg_int(&call, device->id);
	pg_int(&call, (int64_t)device->ack);
	pg_blob(&call, device->link, sizeof(device->link));
	pg_blob(&call, device->boot, sizeof(device->boot));
	pg_int(&call, (int64_t)device->segment);
	pg_int(&call, (int64_t)device->offered);
	pg_int(&call, device->offered_ms);
	pg_int(&call, device->offers);
	pg_int(&call, device->is_restored);
	return pg_run_one(&call);
}

int postgres_devices_restored(struct store *store)
{
	struct pg_call call = pg_call(store, PG_DEVICE_RESTORED);

	return pg_run_any(&call);
}

int postgres_changes(
	struct store *store, int64_t device, struct store_change *ret_changes, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run_list(store, PG_CHANGE_LAST, device, most, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++) {
		struct store_change *change = &ret_changes[i];

		change->time_ms = pg_get_int(&rows, i, 0);
		change->from = (uint8_t)pg_get_int(&rows, i, 1);
		change->to = (uint8_t)pg_get_int(&rows, i, 2);
		pg_get_text(&rows, i, 3, change->who, sizeof(change->who));
		pg_get_text(&rows, i, 4, change->why, sizeof(change->why));
	}
	return pg_rows_count(r, &rows, most);
}
