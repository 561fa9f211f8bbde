/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as base64 and as the header of HTTP Basic. What must hold: what decodes encodes to the
 * same again, blanks aside; a password is text that fits.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/frontend/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(const char *text, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	char *again = malloc(ENCODING_BASE64_SIZE(size));
	size_t used, at = 0;

	assert(bytes && again);
	if (encoding_base64_decode(text, size, bytes, size, &used) == 0) {
		encoding_base64(bytes, used, again);
		for (size_t i = 0; i < size; i++)
			if (!strchr(" \t\r\n", text[i]))
				assert(again[at++] == text[i]);
		assert(again[at] == '\0');
	}
	free(bytes);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 7), password[33];
	int r;

	assert(text);
	memcpy(text, "Basic ", 6);
	memcpy(text + 6, data, size);
	text[size + 6] = '\0';
	check_base64(text + 6, size);
	r = encoding_basic_password(text, password, sizeof(password));
	assert(r == 0 || r == -EBADMSG);
	if (r == 0)
		assert(strlen(password) > 0 && strlen(password) < sizeof(password));
	free(text);
	return 0;
}
