/* SPDX-License-Identifier: Apache-2.0 */
#include "common/hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void hex_write(const void *bytes, size_t size, char *ret_text)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		ret_text[2 * i] = digits[byte[i] >> 4];
		ret_text[2 * i + 1] = digits[byte[i] & 15];
	}
	ret_text[2 * size] = '\0';
}

static uint8_t value_of(char digit)
{
	return (uint8_t)(strchr(digits, digit) - digits);
}

bool hex_read(const char *text, uint8_t *ret_bytes, size_t size)
{
	if (strlen(text) != 2 * size || strspn(text, digits) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++)
		ret_bytes[i] = (uint8_t)(value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]));
	return true;
}
