/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, asked in one place. */
#include "common/clock.h"

#include <time.h>

#define MS_NS UINT64_C(1000000)

static uint64_t now_ns(clockid_t id)
{
	struct timespec now = {0};

	(void)clock_gettime(id, &now); /* can't fail for these ids */
	return (uint64_t)now.tv_sec * CLOCK_SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

uint64_t clock_steady_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t clock_day_ms(void)
{
	return now_ns(CLOCK_REALTIME) / MS_NS;
}

uint64_t clock_day_ms_of_boot(uint64_t boot_ns)
{
	uint64_t boot = clock_boot_ns(), day = now_ns(CLOCK_REALTIME);

	if (boot_ns > boot) /* a stamp of the future: taken for now */
		return day / MS_NS;
	if (boot - boot_ns > day)
		return 0;
	return (day - (boot - boot_ns)) / MS_NS;
}

void clock_format(uint64_t day_ms, char ret_text[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(day_ms / 1000);
	struct tm parts;

	ret_text[0] = '\0';
	if (localtime_r(&seconds, &parts))
		(void)strftime(ret_text, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &parts); /* fits */
}
