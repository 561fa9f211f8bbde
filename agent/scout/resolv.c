/* SPDX-License-Identifier: Apache-2.0 */
/* As glibc reads it (res_init.c): keyword at the beginning of a line, words between blanks. */
#include "agent/scout/resolv.h"

#include <ctype.h>
#include <string.h>

static bool is_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '-' || letter == '_' || letter == '.';
}

static void suffix_add(const char *word, size_t size, struct scout_suffixes *suffixes)
{
	char text[ZONE_SUFFIX_SIZE] = "";

	if (size && word[size - 1] == '.')
		size--;
	if (!size || size >= sizeof(text) || *word == '.')
		return;
	for (size_t i = 0; i < size; i++) {
		if (!is_letter(word[i]))
			return;
		text[i] = (char)tolower((unsigned char)word[i]);
	}
	for (size_t i = 0; i < suffixes->count; i++)
		if (!strcmp(suffixes->suffixes[i], text))
			return;
	if (suffixes->count < ZONE_SUFFIX_MAX)
		memcpy(suffixes->suffixes[suffixes->count++], text, sizeof(text));
}

static bool is_blank(char letter)
{
	return letter == ' ' || letter == '\t' || letter == '\r';
}

/* The words behind a keyword, NULL = it is another line. */
static const char *words_of(const char *line, size_t size)
{
	static const char *const keywords[] = {"search", "domain"};

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		size_t length = strlen(keywords[i]);

		if (size > length && !strncmp(line, keywords[i], length) && is_blank(line[length]))
			return line + length;
	}
	return NULL;
}

void resolv_read(const char *text, size_t size, struct scout_suffixes *suffixes)
{
	const char *end = text + size, *words = NULL, *words_end = NULL;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		const char *found = words_of(line, (size_t)(line_end - line));

		if (found) {
			words = found;
			words_end = line_end;
		}
		line = line_end + 1;
	}
	while (words && words < words_end) {
		const char *word;

		while (words < words_end && is_blank(*words))
			words++;
		for (word = words; words < words_end && !is_blank(*words);)
			words++;
		suffix_add(word, (size_t)(words - word), suffixes);
	}
}
