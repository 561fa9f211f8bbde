/* SPDX-License-Identifier: Apache-2.0 */
/* The letters that markup needs escaped. */
#include "agent/session/words.h"

#include <string.h>

void words_begin(struct words *words, char *text, size_t size, bool has_markup)
{
	*words = (struct words){.text = text, .size = size, .has_markup = has_markup};
	text[0] = '\0';
}

void words_add_raw(struct words *words, const char *text)
{
	size_t size = strlen(text);

	if (words->used + size + 1 > words->size)
		return;
	memcpy(words->text + words->used, text, size + 1);
	words->used += size;
}

static const char *escape_of(char letter)
{
	switch (letter) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void words_add(struct words *words, const char *text)
{
	size_t start = words->used, size = 0;

	for (const char *at = text; *at; at++)
		size += words->has_markup && escape_of(*at) ? strlen(escape_of(*at)) : 1;
	if (start + size + 1 > words->size)
		return;
	for (; *text; text++) {
		const char *escape = words->has_markup ? escape_of(*text) : NULL;

		if (escape)
			words_add_raw(words, escape);
		else
			words->text[words->used++] = *text;
	}
	words->text[words->used] = '\0';
}
