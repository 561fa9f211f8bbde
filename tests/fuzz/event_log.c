/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware's log of what it measured. */
#include "agent/survey/event_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_log_registers registers = {.count = UINT32_MAX};

	if (event_log_replay(data, size, &registers) < 0) {
		if (registers.count != UINT32_MAX)
			abort(); /* nothing is written */
		return 0;
	}
	if (registers.count > size / 16 || registers.touched >> EVENT_LOG_PCRS)
		abort();
	return 0;
}
