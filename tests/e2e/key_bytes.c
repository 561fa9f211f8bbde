/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test looks for: the bytes of a label's keys, unwrapped with what a console's administrator has, the
 * root key, the slots and the database. key_bytes KEYS_DIR DATABASE: a line "NAME GENERATION HEX" for each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "console/authority/label_key.h"
#include "console/store/store_keys.h"

static void print_key(const struct tenant_key *tenant, const struct store_key *row)
{
	struct console_key key = {.generation = row->generation, .slot = row->slot};
	uint8_t bytes[KEY_WRAP_SIZE];

	memcpy(key.label, row->label, sizeof(key.label));
	memcpy(key.home, row->home, sizeof(key.home));
	memcpy(key.wrapped, row->wrapped, sizeof(key.wrapped));
	if (label_key_open(tenant, &key, bytes) < 0)
		return; /* destroyed */
	(void)printf("%s %u ", row->name, row->generation);
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)printf("%02x", bytes[i]);
	(void)putchar('\n');
}

int main(int argc, char **argv)
{
	static struct store_key rows[64];
	struct tenant_key tenant = {0};
	struct store *store = NULL;
	int fd = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1, count;

	log_open("key_bytes", false);
	if (fd < 0 || tenant_key_open(fd, &tenant) < 0 ||
		store_open(argv[2], STORE_READ, &store) < 0) {
		(void)fprintf(stderr, "key_bytes: KEYS_DIR DATABASE\n");
		return EXIT_FAILURE;
	}
	count = store_keys(store, NULL, rows, 64);
	for (int i = 0; i < count; i++)
		print_key(&tenant, &rows[i]);
	store_free(store);
	tenant_key_close(&tenant);
	return EXIT_SUCCESS;
}
