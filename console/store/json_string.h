/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of JSON (RFC 8259, 7) where they lie in a text, and as they are shown. */
#ifndef HOLDFAST_CONSOLE_STORE_JSON_STRING_H
#define HOLDFAST_CONSOLE_STORE_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Between the quotes; borrowed from the text. */
struct json_string {
	const char *start;
	size_t size;
	bool is_escaped; /* a backslash is in it */
};

/* As json_string_scan(), of any length and with escapes. */
const char *json_string_scan_long(const char *at, const char *end, struct json_string *ret_string);

#ifdef __SSE2__
/* Of the 16 bytes at `at` those that are a quote, a backslash or below 0x20, a bit for each. */
static inline unsigned int json_special_bytes(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);

	return (unsigned int)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}
#endif

/*
 * at: behind the opening quote. Returns what is behind the closing one; NULL: no string ends there.
 * Most of them are names that end within the first 16 bytes.
 */
static inline const char *json_string_scan(
	const char *at, const char *end, struct json_string *ret_string)
{
#ifdef __SSE2__
	if (end - at >= 16) {
		unsigned int special = json_special_bytes(at);
		size_t size = special ? (size_t)__builtin_ctz(special) : 0;

		if (special && at[size] == '"') {
			*ret_string = (struct json_string){.start = at, .size = size};
			return at + size + 1;
		}
	}
#endif
	return json_string_scan_long(at, end, ret_string);
}

/*
 * The text of one that was scanned, as text_clean() has it, and cut like that; size is at least 4.
 * Lone surrogates and NUL become '?'.
 */
void json_string_text(const struct json_string *string, char *ret_text, size_t size);

#endif
