/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/capture_hours.h"

#include "agent/engine/engine.h"
#include "agent/engine/gates.h"
#include "common/clock.h"

#define NS 1000000000ull

uint32_t capture_hours_left(const struct policy_compiled *policy, const struct tm *now)
{
	int minute = now->tm_hour * 60 + now->tm_min;

	if (!policy->capture_until_min)
		return UINT32_MAX;
	if (minute < policy->capture_from_min || minute >= policy->capture_until_min)
		return 0;
	return (uint32_t)((policy->capture_until_min - minute) * 60 - now->tm_sec);
}

/* Another end for the same hours is one that came with the clock, by seconds. */
static bool is_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) < 5 * NS;
}

void capture_hours_tick(struct engine *engine)
{
	uint64_t until_ns, before_ns = engine->gate_state.capture_until_ns;
	time_t now = time(NULL);
	uint32_t left_s;
	struct tm local;

	if (!engine->policy || !localtime_r(&now, &local))
		return;
	left_s = capture_hours_left(engine->policy, &local);
	until_ns = left_s == UINT32_MAX ? UINT64_MAX : left_s ? clock_boot_ns() + left_s * NS : 0;
	if (!is_near(until_ns, before_ns))
		gates_set_capture(engine, until_ns);
}
