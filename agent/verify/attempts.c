/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/attempts.h"

#define SECOND_NS UINT64_C(1000000000)

static uint64_t pause_ns(uint32_t failed)
{
	uint32_t over = failed - ATTEMPTS_FREE, pause_s = ATTEMPTS_PAUSE_S;

	while (over-- > 0 && pause_s < ATTEMPTS_PAUSE_MAX_S)
		pause_s *= 2;
	return (pause_s < ATTEMPTS_PAUSE_MAX_S ? pause_s : ATTEMPTS_PAUSE_MAX_S) * SECOND_NS;
}

uint32_t attempts_wait_s(const struct attempts *attempts, uint64_t now_ns)
{
	if (now_ns >= attempts->until_ns)
		return 0;
	return (uint32_t)((attempts->until_ns - now_ns + SECOND_NS - 1) / SECOND_NS);
}

static bool begin_pause(struct attempts *attempts, uint64_t now_ns)
{
	if (attempts->failed < ATTEMPTS_FREE)
		return false;
	attempts->until_ns = now_ns + pause_ns(attempts->failed);
	return true;
}

bool attempts_failed(struct attempts *attempts, uint64_t now_ns)
{
	if (attempts->failed < UINT32_MAX)
		attempts->failed++;
	return begin_pause(attempts, now_ns);
}

void attempts_clear(struct attempts *attempts)
{
	*attempts = (struct attempts){0};
}

void attempts_restore(struct attempts *attempts, uint32_t failed, uint64_t now_ns)
{
	*attempts = (struct attempts){.failed = failed};
	(void)begin_pause(attempts, now_ns); /* there may be none */
}
