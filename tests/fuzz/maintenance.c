/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a maintenance token, under a key that nobody who chooses them has. What must hold:
 * none passes, and what parses has one form only: written again, all but the signature is the same.
 */
#include <assert.h>
#include <string.h>

#include "agent/engine/maintenance_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signing_key *key_new(void)
{
	char private_key[SIGNING_KEY_MAX], public_key[SIGNING_KEY_MAX];
	struct signing_key *key = NULL;

	assert(signing_key_make(NULL, private_key, public_key) == 0);
	assert(signing_key_read(private_key, strlen(private_key), 1, NULL, &key) == 0);
	return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct signing_key *key;
	struct maintenance_token token, again;
	char text[MAINTENANCE_TOKEN_MAX], words[32], round[32];
	int written;

	if (!key)
		key = key_new();
	if (maintenance_token_parse(data, size, &token) < 0)
		return 0;
	assert(maintenance_token_verify(&token, data, key, token.device, token.not_before_s) ==
		MAINTENANCE_BAD_SIGNATURE);
	written = maintenance_token_write(&token, key, text);
	assert(written == (int)size || token.acts & (token.acts - 1)); /* acts: in any order */
	assert(maintenance_token_parse(text, (size_t)written, &again) == 0);
	assert(maintenance_token_verify(&again, text, key, token.device, token.not_before_s) ==
		MAINTENANCE_GOOD);
	maintenance_acts_text(token.acts, words);
	maintenance_acts_text(again.acts, round);
	assert(!strcmp(words, round) && !strcmp(token.nonce, again.nonce));
	return 0;
}
