/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hexadecimal digits, lower case, two each. */
#ifndef HOLDFAST_COMMON_HEX_H
#define HOLDFAST_COMMON_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2 * size digits and a NUL: the caller's room. */
void hex_write(const void *bytes, size_t size, char *ret_text);
/* False, with nothing written, when text is not exactly 2 * size such digits. */
bool hex_read(const char *text, uint8_t *ret_bytes, size_t size);

#endif
