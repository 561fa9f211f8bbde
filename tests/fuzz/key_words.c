/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a question for keys, a grant, and what was sealed in one: nothing is taken that is not in its one
 * form, and no grant at all without a console's signature.
 */
#include <assert.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/key_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key_item items[KEY_GRANT_KEYS_MAX];
	static uint8_t again[KEY_QUESTION_MAX], text[KEY_TEXT_MAX];
	static struct key_grant grant;
	static X509_STORE *anchors;
	struct key_question question;
	int count, used = 0;

	if (!anchors)
		anchors = X509_STORE_new();
	if (key_question_parse(data, size, &question) == 0) {
		used = key_question_write(&question, again);
		assert(used > 0 && (size_t)used < size && !memcmp(again, data, (size_t)used));
	}
	assert(key_grant_open(data, size, anchors, 1, &grant) < 0);
	count = size <= KEY_TEXT_MAX ? key_text_parse(data, size, items) : -1;
	used = 0;
	for (int i = 0; i < count; i++)
		used = key_text_add(text, (size_t)used, &items[i]);
	assert(count <= 0 || ((size_t)used == size && !memcmp(text, data, size)));
	return 0;
}
