/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as text: of labels, devices, tenants, boots. */
#ifndef HOLDFAST_COMMON_UUID_H
#define HOLDFAST_COMMON_UUID_H

#include <stdint.h>

#define UUID_SIZE      16 /* bytes */
#define UUID_TEXT_SIZE 37 /* 8-4-4-4-12 hexadecimal digits and the NUL */

/* 0, or -EINVAL when text is not 8-4-4-4-12 hexadecimal digits or is all zero. */
int uuid_parse(const char *text, uint8_t ret_uuid[UUID_SIZE]);
/* Lower-case digits. */
void uuid_format(const uint8_t uuid[UUID_SIZE], char ret_text[UUID_TEXT_SIZE]);

#endif
