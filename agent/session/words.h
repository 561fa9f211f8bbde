/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others made fit to be shown: bounded, whole UTF-8 characters, nothing hidden. Pure. */
#ifndef HOLDFAST_AGENT_SESSION_WORDS_H
#define HOLDFAST_AGENT_SESSION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies as much as fits, cut between characters with "..." behind. Control characters, what is no
 * UTF-8 and what turns the reading direction become '?'. False when it was cut.
 */
bool words_clean(char *ret_text, size_t size, const char *text);

/* Text being put together; past its end nothing more is added. */
struct words {
	char *text; /* borrowed */
	size_t size, used;
	bool has_markup; /* words_add() escapes */
};

void words_begin(struct words *words, char *text, size_t size, bool has_markup);
/* All of it or nothing: an escaped character or a tag is never cut. */
void words_add(struct words *words, const char *text);
/* As it is. */
void words_add_raw(struct words *words, const char *text);

#endif
