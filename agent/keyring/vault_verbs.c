/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of vaults: root's helper brings the directory, the key is made of what is here. */
#include <errno.h>

#include "agent/keyring/keyring.h"
#include "agent/keyring/vault.h"

_Static_assert(VAULT_LABEL_KEY_SIZE == LABEL_KEY_SIZE, "one key, one size");

int verb_vault_add(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	uint8_t identifier[VAULT_IDENTIFIER_SIZE];
	struct vault_label_key key = {0};
	struct bytes_reader reader;
	struct bytes_writer writer;
	uint32_t generation;
	int r;

	bytes_reader_init(&reader, request->bytes, request->size);
	bytes_get_blob(&reader, key.label, sizeof(key.label));
	generation = bytes_get_u32(&reader);
	if (!bytes_is_done(&reader))
		return -EBADMSG;
	if (fd < 0)
		return -EBADF;
	key.bytes = keys_find(keyring->keys, key.label, generation, &key.generation);
	if (!key.bytes)
		return -ENOKEY;
	r = vault_claim(keyring->vaults, fd, &key, identifier);
	if (r < 0)
		return r;
	bytes_writer_init(&writer, answer->bytes, sizeof(answer->bytes));
	bytes_put_u32(&writer, key.generation);
	bytes_put_blob(&writer, identifier, sizeof(identifier));
	return (int)writer.used;
}

int verb_vault_remove(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	struct bytes_writer writer;
	uint32_t flags;
	int r;

	if (request->size != VAULT_IDENTIFIER_SIZE)
		return -EBADMSG;
	if (fd < 0)
		return -EBADF;
	r = vault_withdraw(keyring->vaults, fd, request->bytes, &flags);
	if (r < 0)
		return r;
	bytes_writer_init(&writer, answer->bytes, sizeof(answer->bytes));
	bytes_put_u32(&writer, flags);
	return (int)writer.used;
}
