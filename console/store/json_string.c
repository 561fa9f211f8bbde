/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/json_string.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"

#define TEXT_MAX 512 /* bytes of a text that are looked at: it is cut to less */

static int hex_digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	letter |= 0x20;
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1. */
static int hex_number(const char *at, const char *end)
{
	int number = 0;

	if (end - at < 4)
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		number = number << 4 | digit;
	}
	return number;
}

/* at: behind the backslash. Returns what is behind the escape; NULL. */
static const char *skip_escape(const char *at, const char *end)
{
	if (at == end)
		return NULL;
	if (*at == 'u')
		return hex_number(at + 1, end) < 0 ? NULL : at + 5;
	return *at && strchr("\"\\/bfnrt", *at) ? at + 1 : NULL;
}

/*
 * Where a run of letters that mean themselves ends: sixteen at a time, or eight. In `found` a byte's
 * top bit says that it is a quote, a backslash or below 0x20; above the first such byte a bit may be
 * false.
 */
static const char *skip_plain(const char *at, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		unsigned int special = json_special_bytes(at);

		if (special)
			return at + __builtin_ctz(special);
	}
#endif

	for (uint64_t word; end - at >= 8; at += 8) {
		uint64_t quotes, slashes, found;

		memcpy(&word, at, sizeof(word));
		word = le64toh(word);
		quotes = word ^ ones * '"';
		slashes = word ^ ones * '\\';
		found = (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes) |
				((word - ones * 0x20) & ~word)) &
			ones << 7;
		if (found)
			return at + __builtin_ctzll(found) / 8;
	}
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

const char *json_string_scan_long(const char *at, const char *end, struct json_string *ret_string)
{
	const char *start = at;
	bool is_escaped = false;

	while ((at = skip_plain(at, end)) < end) {
		if (*at == '"') {
			*ret_string = (struct json_string){start, (size_t)(at - start), is_escaped};
			return at + 1;
		}
		if (*at != '\\')
			return NULL;
		is_escaped = true;
		at = skip_escape(at + 1, end);
		if (!at)
			return NULL;
	}
	return NULL;
}

static size_t put_character(char *to, uint32_t number)
{
	if (number < 0x80) {
		to[0] = (char)number;
		return 1;
	}
	if (number < 0x800) {
		to[0] = (char)(0xc0 | number >> 6);
		to[1] = (char)(0x80 | (number & 0x3f));
		return 2;
	}
	if (number < 0x10000) {
		to[0] = (char)(0xe0 | number >> 12);
		to[1] = (char)(0x80 | (number >> 6 & 0x3f));
		to[2] = (char)(0x80 | (number & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | number >> 18);
	to[1] = (char)(0x80 | (number >> 12 & 0x3f));
	to[2] = (char)(0x80 | (number >> 6 & 0x3f));
	to[3] = (char)(0x80 | (number & 0x3f));
	return 4;
}

/* One escape of a string that was scanned, into at most four bytes; the bytes it took. */
static size_t unescape(const char *at, const char *end, char *to, size_t *ret_put)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	uint32_t number;
	int low;

	if (at[1] != 'u') {
		to[0] = into[strchr(from, at[1]) - from];
		*ret_put = 1;
		return 2;
	}
	number = (uint32_t)hex_number(at + 2, end);
	if (number >= 0xd800 && number < 0xdc00 && end - at >= 12 && at[6] == '\\' &&
		at[7] == 'u') {
		low = hex_number(at + 8, end);
		if (low >= 0xdc00 && low < 0xe000) {
			*ret_put = put_character(
				to, 0x10000 + ((number - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
			return 12;
		}
	}
	*ret_put = put_character(to, number ? number : '?'); /* no NUL in the middle */
	return 6;
}

void json_string_text(const struct json_string *string, char *ret_text, size_t size)
{
	const char *at = string->start, *end = at + string->size;
	char plain[TEXT_MAX + 4];
	size_t used = 0;

	if (!string->is_escaped) {
		used = string->size < TEXT_MAX ? string->size : TEXT_MAX;
		memcpy(plain, at, used);
		at = end;
	}
	while (at < end && used < TEXT_MAX) {
		size_t put = 1;

		if (*at == '\\') {
			at += unescape(at, end, plain + used, &put);
		} else {
			plain[used] = *at++;
		}
		used += put;
	}
	plain[used] = '\0';
	(void)text_clean(ret_text, size, plain); /* cut */
}
