/* SPDX-License-Identifier: Apache-2.0 */
#include "console/authority/label_key.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/bytes.h"

#define PURPOSE "holdfast label key 1"

_Static_assert(KEY_WRAP_SIZE == KEY_SLOT_SECRET && KEY_WRAPPED_SIZE == CONSOLE_WRAPPED_SIZE &&
		       KEY_HOME_SIZE == CONSOLE_UID_SIZE,
	"the same keys");

/* Which hangs on the slot's secret, and on whose key it is. */
static int under(const struct tenant_key *tenant, const struct console_key *key,
	const uint8_t secret[KEY_SLOT_SECRET], uint8_t ret_key[KEY_WRAP_SIZE])
{
	uint8_t info[sizeof(PURPOSE) + CONSOLE_UID_SIZE + 4];
	struct bytes_writer writer;

	bytes_writer_init(&writer, info, sizeof(info));
	bytes_put_blob(&writer, PURPOSE, sizeof(PURPOSE));
	bytes_put_blob(&writer, key->label, sizeof(key->label));
	bytes_put_u32(&writer, key->generation);
	return key_derive(tenant->root, secret, KEY_SLOT_SECRET, info, sizeof(info), ret_key);
}

int label_key_make(struct tenant_key *tenant, struct console_key *key)
{
	uint8_t secret[KEY_SLOT_SECRET], over[KEY_WRAP_SIZE], fresh[KEY_WRAP_SIZE];
	int r;

	r = key_slots_take(&tenant->slots, &key->slot, secret);
	if (r < 0)
		return r;
	r = under(tenant, key, secret, over);
	if (r == 0)
		r = RAND_priv_bytes(fresh, sizeof(fresh)) == 1 ? 0 : -EIO;
	if (r == 0)
		r = key_wrap(over, fresh, key->wrapped);
	if (r == 0)
		memcpy(key->home, tenant->slots.home, sizeof(key->home));
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(over, sizeof(over));
	explicit_bzero(fresh, sizeof(fresh));
	return r;
}

int label_key_open(const struct tenant_key *tenant, const struct console_key *key,
	uint8_t ret_key[KEY_WRAP_SIZE])
{
	uint8_t secret[KEY_SLOT_SECRET], over[KEY_WRAP_SIZE];
	int r;

	if (memcmp(key->home, tenant->slots.home, sizeof(key->home)) != 0)
		return -EREMOTE;
	r = key_slots_read(&tenant->slots, key->slot, secret);
	if (r == 0)
		r = under(tenant, key, secret, over);
	if (r == 0)
		r = key_unwrap(over, key->wrapped, ret_key);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(over, sizeof(over));
	return r;
}

int label_key_destroy(struct tenant_key *tenant, const struct console_key *key)
{
	if (memcmp(key->home, tenant->slots.home, sizeof(key->home)) != 0)
		return -EREMOTE;
	return key_slots_wipe(&tenant->slots, key->slot);
}
