/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of "name value" that are signed at their end: what is written and read of them alike in words of the
 * console, receipts of keys and receipts of wiping. Pure.
 */
#ifndef HOLDFAST_COMMON_SIGNED_TEXT_H
#define HOLDFAST_COMMON_SIGNED_TEXT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/signing.h"

#define SIGNED_TEXT_HEX_MAX 32 /* bytes of one value in hexadecimal */

struct signed_text {
	char *start;
	size_t size, room;
	bool is_full; /* something did not fit */
};

void signed_text_put(struct signed_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* size: at most SIGNED_TEXT_HEX_MAX. */
void signed_text_put_hex(
	struct signed_text *text, const char *name, const uint8_t *bytes, size_t size);

/* The first line, which says what it is. -EBADMSG. */
int signed_text_title(struct signing_reader *reader, const char *title);
int signed_text_hex(
	struct signing_reader *reader, const char *name, uint8_t *ret_bytes, size_t size);
/* As signing_number(), and 0; -EBADMSG above max, too. */
int signed_text_number(
	struct signing_reader *reader, const char *name, uint64_t max, uint64_t *ret_number);

#endif
