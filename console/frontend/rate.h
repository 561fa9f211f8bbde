/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often an address failed to enrol within a minute. A table of fixed size: two addresses may
 * share a place, chosen by a seed that nobody outside knows; whose minute is over gives way.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_RATE_H
#define HOLDFAST_CONSOLE_FRONTEND_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_PLACES    1024
#define RATE_WINDOW_NS (60 * UINT64_C(1000000000))

struct rate_table {
	uint64_t seed;
	struct {
		uint64_t begun_ns;
		uint32_t count;
	} places[RATE_PLACES];
};

/* seed: random. */
void rate_init(struct rate_table *table, uint64_t seed);
void rate_note(struct rate_table *table, const uint8_t network[16], uint64_t now_ns);
/* Whether there were max or more in the minute that goes on. */
bool rate_is_over(
	const struct rate_table *table, const uint8_t network[16], uint32_t max, uint64_t now_ns);

#endif
