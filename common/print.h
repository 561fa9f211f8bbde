/* SPDX-License-Identifier: Apache-2.0 */
/* How commands write for people: colour only on a terminal and without NO_COLOR (https://no-color.org). */
#ifndef HOLDFAST_COMMON_PRINT_H
#define HOLDFAST_COMMON_PRINT_H

#define PRINT_TEXT_MAX 40960 /* bytes that print_clean() prints at most */

enum print_style { PRINT_PLAIN, PRINT_BOLD, PRINT_GOOD, PRINT_WARN, PRINT_BAD, PRINT_DIM };
void print_styled(enum print_style style, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Without what moves a cursor. */
void print_clean(const char *text);

#endif
