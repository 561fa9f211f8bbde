/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's decoder takes too much: another alphabet's end, any padding. So by hand. */
#include "console/frontend/encoding.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define BASIC_MAX 1024 /* bytes of "user:password" */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void encoding_base64(const uint8_t *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (i + 1 < size)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < size)
			group |= bytes[i + 2];
		*ret_text++ = alphabet[group >> 18];
		*ret_text++ = alphabet[group >> 12 & 63];
		*ret_text++ = i + 1 < size ? alphabet[group >> 6 & 63] : '=';
		*ret_text++ = i + 2 < size ? alphabet[group & 63] : '=';
	}
	*ret_text = '\0';
}

void encoding_hex(const uint8_t *bytes, size_t size, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*ret_text++ = digits[bytes[i] >> 4];
		*ret_text++ = digits[bytes[i] & 15];
	}
	*ret_text = '\0';
}

static int value_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	return character == '+' ? 62 : character == '/' ? 63 : -1;
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

int encoding_base64_decode(
	const char *text, size_t size, uint8_t *ret_bytes, size_t max, size_t *ret_size)
{
	unsigned int digits = 0, padding = 0;
	uint32_t group = 0;
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int value = value_of(text[i]);

		if (is_blank(text[i]))
			continue;
		if (text[i] == '=' && digits % 4 >= 2 && digits % 4 + padding < 4) {
			padding++;
			continue;
		}
		if (value < 0 || padding)
			return -EBADMSG;
		group = group << 6 | (uint32_t)value;
		if (++digits % 4 == 0) {
			if (max - used < 3)
				return -EMSGSIZE;
			ret_bytes[used++] = (uint8_t)(group >> 16);
			ret_bytes[used++] = (uint8_t)(group >> 8);
			ret_bytes[used++] = (uint8_t)group;
			group = 0;
		}
	}
	if ((digits + padding) % 4 || digits % 4 == 1)
		return -EBADMSG;
	/* 12 or 18 bits are left of the last group, of which 4 or 2 must be zero */
	if (digits % 4 == 2 && (group & 15))
		return -EBADMSG;
	if (digits % 4 == 3 && (group & 3))
		return -EBADMSG;
	if (max - used < (digits % 4 ? digits % 4 - 1 : 0))
		return -EMSGSIZE;
	if (digits % 4 == 2)
		ret_bytes[used++] = (uint8_t)(group >> 4);
	if (digits % 4 == 3) {
		ret_bytes[used++] = (uint8_t)(group >> 10);
		ret_bytes[used++] = (uint8_t)(group >> 2);
	}
	*ret_size = used;
	return 0;
}

int encoding_basic_password(const char *header, char *ret_password, size_t max)
{
	uint8_t pair[BASIC_MAX];
	const uint8_t *colon;
	size_t size, length;
	int r = -EBADMSG;

	if (!header || strncasecmp(header, "Basic ", 6))
		return -ENOENT;
	if (encoding_base64_decode(header + 6, strlen(header + 6), pair, sizeof(pair), &size) < 0)
		return -EBADMSG;
	colon = memchr(pair, ':', size);
	if (!colon)
		return -EBADMSG;
	length = (size_t)(pair + size - (colon + 1));
	if (length > 0 && length < max) {
		r = 0;
		for (size_t i = 1; i <= length; i++)
			if (colon[i] <= ' ' || colon[i] > '~')
				r = -EBADMSG;
	}
	if (r == 0) {
		memcpy(ret_password, colon + 1, length);
		ret_password[length] = '\0';
	}
	explicit_bzero(pair, sizeof(pair));
	return r;
}
