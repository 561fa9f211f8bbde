/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sensor/guard_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/sensor/sensor.h"
#include "common/clock.h"

#define SWAPS	       "/proc/swaps"
#define SWAPS_SIZE_MAX 8192 /* later ones are not told */

struct guard_watch {
	int swaps_fd;
	char swaps[SWAPS_SIZE_MAX]; /* as it was */
	int64_t day_ahead_s;	    /* of the day's clock before that of the boot */
};

static int64_t day_ahead_s(void)
{
	struct timespec day = {0};

	(void)clock_gettime(CLOCK_REALTIME, &day); /* is always there */
	return (int64_t)day.tv_sec - (int64_t)(clock_boot_ns() / CLOCK_SECOND_NS);
}

static void swaps_read(const struct guard_watch *watch, char ret_swaps[SWAPS_SIZE_MAX])
{
	ssize_t size = watch->swaps_fd < 0
			       ? 0
			       : pread(watch->swaps_fd, ret_swaps, SWAPS_SIZE_MAX - 1, 0);

	ret_swaps[size > 0 ? size : 0] = '\0';
}

struct guard_watch *guard_watch_new(void)
{
	struct guard_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->swaps_fd = open(SWAPS, O_RDONLY | O_CLOEXEC);
	swaps_read(watch, watch->swaps);
	watch->day_ahead_s = day_ahead_s();
	return watch;
}

void guard_watch_free(struct guard_watch *watch)
{
	if (!watch)
		return;
	if (watch->swaps_fd >= 0)
		(void)close(watch->swaps_fd); /* read only */
	free(watch);
}

/* A line begins with the name of the file or device; numbers behind it change by themselves. */
static bool has_swap(const char *swaps, const char *name, size_t size)
{
	for (const char *line = swaps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, size) && (line[size] == ' ' || line[size] == '\t'))
			return true;
	}
	return false;
}

static void check_swaps(struct guard_watch *watch, struct sensor *sensor)
{
	char now[SWAPS_SIZE_MAX];
	const char *line;

	swaps_read(watch, now);
	for (line = strchr(now, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		size_t size = strcspn(line + 1, " \t");

		if (!has_swap(watch->swaps, line + 1, size))
			link_failure(sensor, FAILURE_SWAP, "%.*s", (int)size, line + 1);
	}
	memcpy(watch->swaps, now, sizeof(now));
}

static void check_clock(struct guard_watch *watch, struct sensor *sensor, uint32_t tolerance_s)
{
	int64_t ahead = day_ahead_s();

	if (ahead + (int64_t)tolerance_s < watch->day_ahead_s)
		link_failure(sensor, FAILURE_CLOCK, "by %lld seconds",
			(long long)(watch->day_ahead_s - ahead));
	watch->day_ahead_s = ahead;
}

void guard_watch_step(struct guard_watch *watch, struct sensor *sensor)
{
	const struct hf_gates *gates = sensor->policy ? &sensor->policy->gates : NULL;

	if (!gates)
		return;
	if (gates->protect[HF_PROTECTION_SWAP] != HF_VERDICT_ALLOW)
		check_swaps(watch, sensor);
	if (gates->protect[HF_PROTECTION_CLOCK] != HF_VERDICT_ALLOW)
		check_clock(watch, sensor, gates->clock_tolerance_s);
}
