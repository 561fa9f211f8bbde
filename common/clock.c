/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, asked in one place. */
#include "common/clock.h"

#include <errno.h>
#include <stdlib.h>
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

int clock_parse(const char *text, uint64_t *ret_ms)
{
	struct tm parts = {.tm_isdst = -1};
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	uint64_t unit = *end == 's'   ? 1000u
			: *end == 'm' ? 60000u
			: *end == 'h' ? 3600000u
			: *end == 'd' ? 86400000u
				      : 0;
	const char *rest;

	if (end != text && unit && !end[1] && number < 100000) {
		*ret_ms = clock_day_ms() - number * unit;
		return 0;
	}
	rest = strptime(text, "%Y-%m-%d %H:%M:%S", &parts);
	if (!rest)
		rest = strptime(text, "%Y-%m-%d %H:%M", &parts);
	if (!rest) {
		parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
		rest = strptime(text, "%Y-%m-%d", &parts);
	}
	if (!rest || *rest)
		return -EINVAL;
	*ret_ms = (uint64_t)mktime(&parts) * 1000;
	return 0;
}
