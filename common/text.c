/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 by RFC 3629, a character at a time. */
#include "common/text.h"

#include <stdint.h>
#include <string.h>

#define CUT_MARK "..."

/* Bytes of the character at text and its number; 0 when there is none that is UTF-8. */
static size_t character(const char *text, uint32_t *ret_number)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t size = bytes[0] < 0x80		  ? 1
		      : (bytes[0] & 0xe0) == 0xc0 ? 2
		      : (bytes[0] & 0xf0) == 0xe0 ? 3
		      : (bytes[0] & 0xf8) == 0xf0 ? 4
						  : 0;
	uint32_t number = size < 2 ? bytes[0] : bytes[0] & (0x7fu >> size);

	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80) /* the NUL at the end too */
			return 0;
		number = number << 6 | (bytes[i] & 0x3fu);
	}
	if (!size || number < smallest[size] || number > 0x10ffff ||
		(number >= 0xd800 && number <= 0xdfff))
		return 0;
	*ret_number = number;
	return size;
}

/* C0, C1, and what Unicode 15 (UAX #9) calls explicit directional formatting. */
static bool is_hidden(uint32_t number)
{
	return number < 0x20 || (number >= 0x7f && number <= 0x9f) || number == 0x200e ||
	       number == 0x200f || number == 0x061c || (number >= 0x2028 && number <= 0x202e) ||
	       (number >= 0x2066 && number <= 0x2069) || number == 0xfeff;
}

/* How many of the first letters are ASCII and shown, at most so many: most texts are nothing else. */
static size_t plain_letters(const char *text, size_t most)
{
	size_t count = 0;

	while (count < most && text[count] >= 0x20 && text[count] < 0x7f)
		count++;
	return count;
}

bool text_clean(char *ret_text, size_t size, const char *text)
{
	size_t used = 0, cut_at = 0;

	/* so many that a mark of a cut may follow */
	if (size > sizeof(CUT_MARK)) {
		used = cut_at = plain_letters(text, size - sizeof(CUT_MARK));
		memcpy(ret_text, text, used);
		text += used;
	}
	while (*text) {
		uint32_t number = 0;
		size_t bytes = character(text, &number);
		bool is_shown = bytes && !is_hidden(number);
		size_t needs = is_shown ? bytes : 1;

		if (used + needs + 1 > size) {
			memcpy(ret_text + cut_at, CUT_MARK, sizeof(CUT_MARK));
			return false;
		}
		if (is_shown)
			memcpy(ret_text + used, text, bytes);
		else
			ret_text[used] = '?';
		used += needs;
		text += bytes ? bytes : 1;
		if (used + sizeof(CUT_MARK) <= size)
			cut_at = used;
	}
	ret_text[used] = '\0';
	return true;
}
