/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of the extended attribute security.bpf.holdfast: which labels a file carries, by
 * identity, so that it means the same on every device and in every policy.
 *   "HFM" version u8 = 2, flags u16, count u16, then count uuids, ascending, none twice,
 *   home (16 bytes: the inode it was written for), mac (32 bytes over all before it).
 * home and mac are mark_seal.h's; here they are bytes.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MARK_VALUE_H
#define HOLDFAST_AGENT_SENSOR_MARK_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/decisions.h"

#define MARK_VALUE_NAME	   "security.bpf.holdfast"
#define MARK_VALUE_VERSION 2
#define MARK_VALUE_UUID	   16
#define MARK_VALUE_HOME	   16
#define MARK_VALUE_MAC	   32
#define MARK_VALUE_MAX	   (8 + HF_LABEL_MAX * MARK_VALUE_UUID + MARK_VALUE_HOME + MARK_VALUE_MAC)

struct mark_value {
	uint16_t flags; /* HF_MARK_DIRECTORY, _POLICY, _DERIVED */
	uint16_t count; /* at most HF_LABEL_MAX */
	uint8_t uuids[HF_LABEL_MAX][MARK_VALUE_UUID];
	uint8_t home[MARK_VALUE_HOME];
	uint8_t mac[MARK_VALUE_MAC];
};

/* Sorts and drops doubles. Bytes written; -EINVAL on flags that are none, or too many uuids. */
int mark_value_encode(const struct mark_value *value, uint8_t ret_bytes[MARK_VALUE_MAX]);
/* 0; -EBADMSG on anything encode would not have written; -EPROTO on a later version. */
int mark_value_decode(const void *bytes, size_t size_bytes, struct mark_value *ret_value);

#endif
