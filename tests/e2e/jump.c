/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD: a time of day that is off by the seconds in the file $HOLDFAST_TEST_JUMP (64 bits,
 * mapped, so that it can change while a process runs and needs no system call that its filter
 * refuses). The clocks since boot are as they are.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *seconds;
static int (*real_clock_gettime)(clockid_t clock, struct timespec *ret_time);

__attribute__((constructor)) static void jump_begin(void)
{
	const char *path = getenv("HOLDFAST_TEST_JUMP");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		seconds = map;
	(void)close(fd); /* read only */
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int r;

	if (!real_clock_gettime) /* another library's constructor came first */
		jump_begin();
	r = real_clock_gettime(clock, ret_time);
	if (r == 0 && seconds && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret_time->tv_sec += *seconds;
	return r;
}

time_t time(time_t *ret_time)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* can't fail */
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* can't fail */
	*ret_time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}
