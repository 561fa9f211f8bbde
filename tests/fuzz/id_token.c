/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a provider of sign-ins may answer: a token, a NUL, its keys. What must hold: without the signature of
 * a key that the fuzzer does not have nothing is taken, whatever else is said.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/page/id_token.h"
#include "agent/page/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 7515, A.3. */
static const char keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
			   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 2);
	const char *own;
	struct id_token_wish wish = {.keys = keys,
		.issuer = "joe",
		.client = "holdfast",
		.claim = "sub",
		.user = "alice",
		.domain = "",
		.now_s = 1300819370,
		.asked_s = 1300819370};

	assert(text);
	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	own = text + strlen(text) + 1;
	assert(id_token_check(text, &wish) != ID_TOKEN_GOOD);
	if (own < text + size + 2) {
		struct json_object *claims = NULL;

		if (jose_open(text, own, &claims) == ID_TOKEN_GOOD)
			(void)json_object_put(claims); /* by a key of its own */
	}
	free(text);
	return 0;
}
