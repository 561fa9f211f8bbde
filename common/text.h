/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others made fit to be shown: bounded, whole UTF-8 characters, nothing that acts. */
#ifndef HOLDFAST_COMMON_TEXT_H
#define HOLDFAST_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies as much as fits, cut between characters with "..." behind; size is at least 4. Control
 * characters, what is no UTF-8 and what turns the reading direction become '?'. False when cut.
 */
bool text_clean(char *ret_text, size_t size, const char *text);

#endif
