/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label identities: canonical text form, and the name-based kind (RFC 9562 version 5) for labels
 * whose author gave none.
 */
#ifndef HOLDFAST_POLICY_UUID_H
#define HOLDFAST_POLICY_UUID_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_UUID_TEXT_SIZE 37 /* 8-4-4-4-12 hexadecimal digits and the NUL */

/* 0, or -EINVAL when text is not 8-4-4-4-12 hexadecimal digits or is all zero. */
int policy_uuid_parse(const char *text, uint8_t ret_uuid[16]);

/* Lower-case digits. */
void policy_uuid_format(const uint8_t uuid[16], char ret_text[POLICY_UUID_TEXT_SIZE]);

/* Version 5 in Holdfast's namespace, of "TENANT/LABEL": the same on every device. */
void policy_uuid_of_label(const char *tenant, const char *label, uint8_t ret_uuid[16]);

#endif
