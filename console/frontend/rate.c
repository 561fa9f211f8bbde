/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/rate.h"

#include <stddef.h>
#include <string.h>

#include "console/frontend/address.h"

void rate_init(struct rate_table *table, uint64_t seed)
{
	memset(table, 0, sizeof(*table));
	table->seed = seed;
}

static unsigned int place_of(const struct rate_table *table, const uint8_t network[16])
{
	return (unsigned int)(address_hash(table->seed, network) % RATE_PLACES);
}

void rate_note(struct rate_table *table, const uint8_t network[16], uint64_t now_ns)
{
	unsigned int place = place_of(table, network);

	if (table->places[place].count == 0 ||
		now_ns - table->places[place].begun_ns > RATE_WINDOW_NS) {
		table->places[place].begun_ns = now_ns;
		table->places[place].count = 0;
	}
	if (table->places[place].count < UINT32_MAX)
		table->places[place].count++;
}

bool rate_is_over(
	const struct rate_table *table, const uint8_t network[16], uint32_t max, uint64_t now_ns)
{
	unsigned int place = place_of(table, network);

	return table->places[place].count >= max &&
	       now_ns - table->places[place].begun_ns <= RATE_WINDOW_NS;
}
