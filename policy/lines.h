/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inih, with line numbers and without silence: section headings and key = value pairs of one text,
 * each with its line. What inih would skip, cut or guess is a problem here: overlong lines, text
 * after a heading, lines without '=', bytes that are no text.
 */
#ifndef HOLDFAST_POLICY_LINES_H
#define HOLDFAST_POLICY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/problem.h"

struct policy_lines {
	/* A heading "[kind]" or "[kind name]"; name is "" in the first case. Borrowed until return. */
	void (*section)(void *userdata, const char *kind, const char *name, unsigned int line);
	/* A heading that is none: what follows belongs nowhere. Its problem is added already. */
	void (*lost)(void *userdata);
	/* key is NULL when the line continues the value before it. Borrowed until return. */
	void (*value)(void *userdata, const char *key, const char *value, unsigned int line);
	void *userdata;
};

/* place: its file is named in problems, its line is not read. */
void policy_lines_read(const char *text, size_t size, const struct policy_place *place,
	struct policy_problems *problems, const struct policy_lines *lines);

/* Whether bytes are UTF-8 by RFC 3629: no surrogates, nothing overlong, nothing past U+10FFFF. */
bool policy_text_is_utf8(const char *text, size_t size);

#endif
