/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a notice's text together: bounded, escaped where the server reads markup. Pure. */
#ifndef HOLDFAST_AGENT_SESSION_WORDS_H
#define HOLDFAST_AGENT_SESSION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

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
