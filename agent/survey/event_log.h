/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firmware says that it measured into the TPM: the event log of the TCG PC Client Platform
 * Firmware Profile, "crypto agile" form, as /sys/kernel/security/tpm0/binary_bios_measurements has
 * it. Outside bytes: read here only. Nothing in it is true before the registers that it comes to are
 * those of the TPM. Pure.
 */
#ifndef HOLDFAST_AGENT_SURVEY_EVENT_LOG_H
#define HOLDFAST_AGENT_SURVEY_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_LOG_MAX  (4 << 20) /* bytes */
#define EVENT_LOG_PCRS 24
#define EVENT_LOG_HASH 32 /* SHA-256 */

struct event_log_registers {
	uint8_t values[EVENT_LOG_PCRS][EVENT_LOG_HASH]; /* as they are after all events */
	uint32_t touched;				/* bits: the log has events of them */
	unsigned int count;				/* of events */
};

/* -EBADMSG: is no such log, or has no SHA-256; nothing is written. */
int event_log_replay(const void *bytes, size_t size, struct event_log_registers *ret_registers);

#endif
