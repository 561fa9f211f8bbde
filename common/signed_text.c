/* SPDX-License-Identifier: Apache-2.0 */
#include "common/signed_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"

void signed_text_put(struct signed_text *text, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text->start + text->size, text->room - text->size, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= text->room - text->size)
		text->is_full = true;
	else
		text->size += (size_t)size;
}

void signed_text_put_hex(
	struct signed_text *text, const char *name, const uint8_t *bytes, size_t size)
{
	char digits[2 * SIGNED_TEXT_HEX_MAX + 1];

	hex_write(bytes, size, digits);
	signed_text_put(text, "%s %s\n", name, digits);
}

int signed_text_title(struct signing_reader *reader, const char *title)
{
	size_t size = strlen(title);

	if (reader->left < size || memcmp(reader->at, title, size) != 0)
		return -EBADMSG;
	reader->at += size;
	reader->left -= size;
	return 0;
}

int signed_text_hex(
	struct signing_reader *reader, const char *name, uint8_t *ret_bytes, size_t size)
{
	char value[2 * SIGNED_TEXT_HEX_MAX + 1];

	return signing_line(reader, name, value, sizeof(value)) == 0 &&
			       hex_read(value, ret_bytes, size)
		       ? 0
		       : -EBADMSG;
}

int signed_text_number(
	struct signing_reader *reader, const char *name, uint64_t max, uint64_t *ret_number)
{
	struct signing_reader before = *reader;
	char value[16];
	int r;

	if (signing_line(reader, name, value, sizeof(value)) < 0)
		return -EBADMSG;
	if (!strcmp(value, "0")) {
		*ret_number = 0;
		return 0;
	}
	*reader = before;
	r = signing_number(reader, name, ret_number);
	return r == 0 && *ret_number > max ? -EBADMSG : r;
}
