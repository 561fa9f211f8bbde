/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel records are outside bytes: this is the only place that looks inside them. */
#ifndef HOLDFAST_AGENT_SENSOR_RECORD_H
#define HOLDFAST_AGENT_SENSOR_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/events.h"

#define RECORD_PATH_SIZE (HF_PATH_SIZE + 8) /* a leading "/" or ".../" and the NUL */

struct record {
	struct hf_record raw;	     /* checked; raw.path is spent, but for a payload */
	char comm[HF_COMM_SIZE + 1]; /* any bytes but NUL */
	char path[RECORD_PATH_SIZE]; /* "" = no object with a name; ".../a/b" = cut */
};

/* 0; -EBADMSG on a wrong size, number out of range or unterminated name; -EPROTO on another version. */
int record_decode(const void *bytes, size_t size_bytes, struct record *ret_record);
/* Of one that did not decode, if its header is ours; else 0, which is no sequence. */
uint64_t record_sequence(const void *bytes, size_t size_bytes);

#endif
