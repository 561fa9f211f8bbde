/* SPDX-License-Identifier: Apache-2.0 */
/* Times: since boot (what the kernel part stamps), of day, and the one turned into the other. */
#ifndef HOLDFAST_COMMON_CLOCK_H
#define HOLDFAST_COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND_NS UINT64_C(1000000000)
#define CLOCK_TEXT_SIZE 32

/* CLOCK_BOOTTIME: goes on in suspend, as the kernel part's stamps do. */
uint64_t clock_boot_ns(void);
/* CLOCK_MONOTONIC: what sd-bus counts in. */
uint64_t clock_steady_ns(void);
/* Milliseconds since 1970. */
uint64_t clock_day_ms(void);
/* When, in milliseconds since 1970, the boot clock showed boot_ns; by the clock of now. */
uint64_t clock_day_ms_of_boot(uint64_t boot_ns);
/* "2026-11-25 06:05:48" in local time. */
void clock_format(uint64_t day_ms, char ret_text[CLOCK_TEXT_SIZE]);
/* So long ago ("10m", "2h", "3d") or a local date and time ("2026-11-25 06:05"). -EINVAL. */
int clock_parse(const char *text, uint64_t *ret_day_ms);

#endif
