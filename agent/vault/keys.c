/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of agent/ipc/keyring.h. */
#include "agent/vault/keys.h"

#include <errno.h>
#include <linux/fscrypt.h>
#include <string.h>

#include "agent/ipc/keyring_ask.h"

int keys_connect(const char *runtime_directory)
{
	return keyring_connect(runtime_directory, 0);
}

int keys_add(int keyring_fd, int directory_fd, struct record *record)
{
	struct keyring_request request = {.verb = KEYRING_VAULT_ADD};
	struct keyring_answer answer;
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];
	uint32_t generation;
	int r;

	bytes_writer_init(&writer, request.bytes, sizeof(request.bytes));
	bytes_put_blob(&writer, record->label_id, sizeof(record->label_id));
	bytes_put_u32(&writer, record->generation);
	request.size = (uint16_t)writer.used;
	r = keyring_ask(keyring_fd, &request, directory_fd, &answer);
	if (r < 0)
		return r;
	bytes_reader_init(&reader, answer.bytes, answer.size);
	generation = bytes_get_u32(&reader);
	bytes_get_blob(&reader, identifier, sizeof(identifier));
	if (!bytes_is_done(&reader))
		return -EBADMSG;
	record->generation = generation;
	memcpy(record->identifier, identifier, sizeof(record->identifier));
	return 0;
}

int keys_remove(int keyring_fd, int directory_fd, const struct record *record)
{
	struct keyring_request request = {
		.verb = KEYRING_VAULT_REMOVE, .size = sizeof(record->identifier)};
	struct keyring_answer answer;
	struct bytes_reader reader;
	uint32_t flags;
	int r;

	memcpy(request.bytes, record->identifier, sizeof(record->identifier));
	r = keyring_ask(keyring_fd, &request, directory_fd, &answer);
	if (r < 0)
		return r;
	bytes_reader_init(&reader, answer.bytes, answer.size);
	flags = bytes_get_u32(&reader);
	if (!bytes_is_done(&reader))
		return -EBADMSG;
	/* FLAG_OTHER_USERS: somebody else knows the key and claims it, which keyring's alone can't be. */
	if (flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_OTHER_USERS)
		return -EPERM;
	return flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY ? 1 : 0;
}

int keys_sleep(int keyring_fd, bool is_asleep)
{
	struct keyring_request request = {
		.verb = KEYRING_KEYS_SLEEP, .size = 1, .bytes = {is_asleep}};
	struct keyring_answer answer;
	int r = keyring_ask(keyring_fd, &request, -1, &answer);

	return r < 0 ? r : 0;
}
