/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that bytes travel in: base64 (RFC 4648), hexadecimal, HTTP Basic (RFC 7617). Pure. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_ENCODING_H
#define HOLDFAST_CONSOLE_FRONTEND_ENCODING_H

#include <stddef.h>
#include <stdint.h>

/* Characters that size bytes become, with the NUL. */
#define ENCODING_BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
#define ENCODING_HEX_SIZE(size)	   ((size)*2 + 1)

void encoding_base64(const uint8_t *bytes, size_t size, char *ret_text);
void encoding_hex(const uint8_t *bytes, size_t size, char *ret_text);
/*
 * Blanks and ends of lines between are skipped, as RFC 8951 (3) asks of who reads EST's bodies.
 * -EBADMSG for what is no base64 or does not end as it should, -EMSGSIZE past max bytes.
 */
int encoding_base64_decode(
	const char *text, size_t size, uint8_t *ret_bytes, size_t max, size_t *ret_size);
/*
 * The password of "Basic ..."; who it is for is of no interest. -ENOENT for another scheme or no
 * header (NULL), -EBADMSG unless it is 1 to max - 1 printable ASCII characters.
 */
int encoding_basic_password(const char *header, char *ret_password, size_t max);

#endif
