/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the keys of labels: bytes of requests and answers to calls of keys.h. */
#include <errno.h>
#include <openssl/x509.h>
#include <string.h>

#include "agent/keyring/anchors.h"
#include "agent/keyring/keyring.h"
#include "common/log.h"

int verb_keys_want(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	struct keyring_want want;
	int r;

	(void)fd;
	(void)answer;
	r = keyring_want_get(request->bytes, request->size, &want);
	if (r == 0)
		keys_want(keyring->keys, &want);
	return r;
}

int verb_keys_ask(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	if (request->size != KEY_WORDS_ID_SIZE)
		return -EINVAL;
	return keys_ask(keyring->keys, keyring->device, request->bytes, answer->bytes);
}

int verb_keys_grant(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	X509_STORE *anchors = anchors_read(keyring->config);
	struct bytes_writer writer;
	int r = anchors ? keys_grant(keyring->keys, request->bytes, request->size, anchors)
			: -EKEYREJECTED;

	(void)fd;
	X509_STORE_free(anchors);
	if (r < 0)
		return r;
	log_info("%d keys of labels are here, granted by the console", r);
	bytes_writer_init(&writer, answer->bytes, sizeof(answer->bytes));
	bytes_put_u16(&writer, (uint16_t)r);
	return (int)writer.used;
}

int verb_keys_state(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	static struct keyring_keys state;

	(void)fd;
	(void)request;
	keys_state(keyring->keys, &state);
	return keyring_keys_put(answer->bytes, &state);
}

int verb_keys_drop(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	const uint8_t *label = request->size > 1 ? request->bytes + 1 : NULL;

	(void)fd;
	(void)answer;
	if ((request->size != 1 && request->size != 1 + KEY_WORDS_ID_SIZE) ||
		request->bytes[0] == KEYRING_DROP_NONE || request->bytes[0] >= KEYRING_DROP_MAX)
		return -EINVAL;
	keys_drop(keyring->keys, label, (enum keyring_drop)request->bytes[0]);
	return 0;
}

int verb_keys_sleep(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	(void)answer;
	if (request->size != 1 || request->bytes[0] > 1)
		return -EINVAL;
	keys_sleep(keyring->keys, request->bytes[0]);
	return 0;
}

int verb_keys_refused(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	char code[KEYRING_CODE_SIZE];

	(void)fd;
	(void)answer;
	if (!request->size || request->size >= sizeof(code))
		return -EINVAL;
	for (unsigned int i = 0; i < request->size; i++) {
		char letter = (char)request->bytes[i];

		if ((letter < 'A' || letter > 'Z') && letter != '_')
			return -EINVAL;
		code[i] = letter;
	}
	code[request->size] = '\0';
	keys_refused(keyring->keys, code);
	return 0;
}
