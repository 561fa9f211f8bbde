/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of devices. */
#include <errno.h>
#include <string.h>

#include "console/store/postgres/postgres.h"

int postgres_certificate_add(struct store *store, const struct store_certificate *certificate)
{
	struct pg_call call = pg_call(store, PG_CERTIFICATE_ADD);
	int r;

	pg_blob(&call, certificate->fingerprint, sizeof(certificate->fingerprint));
	pg_int(&call, certificate->device);
	pg_blob(&call, certificate->key, sizeof(certificate->key));
	pg_text(&call, certificate->serial);
	pg_int(&call, certificate->not_before_ms);
	pg_int(&call, certificate->not_after_ms);
	pg_int(&call, certificate->made_ms);
	pg_blob(&call, certificate->der, certificate->size);
	r = pg_run_one(&call);
	return r == -ENOENT ? -EEXIST : r;
}

static void read_certificate(
	struct pg_rows *rows, int row, struct store_certificate *ret_certificate)
{
	pg_get_blob(
		rows, row, 0, ret_certificate->fingerprint, sizeof(ret_certificate->fingerprint));
	ret_certificate->device = pg_get_int(rows, row, 1);
	pg_get_blob(rows, row, 2, ret_certificate->key, sizeof(ret_certificate->key));
	pg_get_text(rows, row, 3, ret_certificate->serial, sizeof(ret_certificate->serial));
	ret_certificate->not_before_ms = pg_get_int(rows, row, 4);
	ret_certificate->not_after_ms = pg_get_int(rows, row, 5);
	ret_certificate->made_ms = pg_get_int(rows, row, 6);
	ret_certificate->is_used = pg_get_int(rows, row, 7) != 0;
	ret_certificate->is_replaced = pg_get_int(rows, row, 8) != 0;
	ret_certificate->size = 0;
}

int postgres_certificate_find(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE],
	struct store_certificate *ret_certificate)
{
	struct pg_call call = pg_call(store, PG_CERTIFICATE_FIND);
	auto_rows rows = {0};
	const void *der;
	size_t size;
	int r;

	pg_blob(&call, fingerprint, CONSOLE_HASH_SIZE);
	r = pg_run(&call, &rows);
	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	read_certificate(&rows, 0, ret_certificate);
	der = pg_get_bytes(&rows, 0, 9, &size);
	if (size > sizeof(ret_certificate->der))
		return -EBADMSG;
	memcpy(ret_certificate->der, der, size);
	ret_certificate->size = (uint16_t)size;
	return pg_rows_check(&rows);
}

int postgres_certificate_key_owner(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], int64_t *ret_device)
{
	struct pg_call call = pg_call(store, PG_CERTIFICATE_KEY_OWNER);

	pg_blob(&call, key, CONSOLE_HASH_SIZE);
	return pg_run_number(&call, ret_device);
}

int postgres_certificate_used(
	struct store *store, int64_t device, const uint8_t fingerprint[CONSOLE_HASH_SIZE])
{
	struct pg_call call = pg_call(store, PG_CERTIFICATE_USED);
	int r;

	pg_blob(&call, fingerprint, CONSOLE_HASH_SIZE);
	r = pg_run_one(&call);
	if (r < 0)
		return r;
	call = pg_call(store, PG_CERTIFICATE_REPLACE);
	pg_int(&call, device);
	pg_blob(&call, fingerprint, CONSOLE_HASH_SIZE);
	return pg_run_any(&call);
}

int postgres_certificates(struct store *store, int64_t device,
	struct store_certificate *ret_certificates, unsigned int most)
{
	auto_rows rows = {0};
	int r = pg_run_list(store, PG_CERTIFICATE_LAST, device, most, &rows);

	for (int i = 0; r == 0 && i < rows.count && (unsigned int)i < most; i++)
		read_certificate(&rows, i, &ret_certificates[i]);
	return pg_rows_count(r, &rows, most);
}
