/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities of labels whose author gave none: the name-based kind (RFC 9562 version 5). Their text
 * form is common/uuid.h's.
 */
#ifndef HOLDFAST_POLICY_UUID_H
#define HOLDFAST_POLICY_UUID_H

#include <stddef.h>
#include <stdint.h>

/* Version 5 in Holdfast's namespace, of "TENANT/LABEL": the same on every device. */
void policy_uuid_of_label(const char *tenant, const char *label, uint8_t ret_uuid[16]);

#endif
