/* SPDX-License-Identifier: Apache-2.0 */
/* An id is the place's number and, above it, how many were given out before: it does not recur. */
#include "console/frontend/pending.h"

#include <stdlib.h>

#include "console/frontend/limits.h"

#define PLACE_BITS 12
#define NO_PLACE   UINT32_MAX

_Static_assert(LIMITS_IN_FLIGHT_MAX == 1 << PLACE_BITS, "an id has bits for each place");

struct pending_table {
	uint64_t given;
	unsigned int count, size;
	uint32_t free_first;
	uint32_t *free_next;
	struct pending *places;
};

struct pending_table *pending_table_new(unsigned int places)
{
	struct pending_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->places = calloc(places, sizeof(*table->places));
	table->free_next = calloc(places, sizeof(*table->free_next));
	if (!table->places || !table->free_next) {
		pending_table_free(table);
		return NULL;
	}
	table->size = places;
	for (uint32_t i = 0; i < places; i++)
		table->free_next[i] = i + 1 < places ? i + 1 : NO_PLACE;
	return table;
}

void pending_table_free(struct pending_table *table)
{
	if (!table)
		return;
	for (unsigned int i = 0; i < table->size; i++)
		free(table->places[i].bytes);
	free(table->places);
	free(table->free_next);
	free(table);
}

struct pending *pending_add(struct pending_table *table, struct http_request *request)
{
	uint32_t place = table->free_first;

	if (place == NO_PLACE)
		return NULL;
	table->free_first = table->free_next[place];
	table->count++;
	table->places[place] = (struct pending){
		.id = ++table->given << PLACE_BITS | place,
		.request = request,
	};
	return &table->places[place];
}

struct pending *pending_find(struct pending_table *table, uint64_t id)
{
	uint32_t place = id & ((1 << PLACE_BITS) - 1);

	if (place >= table->size || id == 0 || table->places[place].id != id)
		return NULL;
	return &table->places[place];
}

void pending_remove(struct pending_table *table, struct pending *pending)
{
	uint32_t place = (uint32_t)(pending - table->places);

	free(pending->bytes);
	*pending = (struct pending){0};
	table->free_next[place] = table->free_first;
	table->free_first = place;
	table->count--;
}

struct pending *pending_late(struct pending_table *table, uint64_t now_ns)
{
	for (unsigned int i = 0; i < table->size && table->count; i++)
		if (table->places[i].id && table->places[i].deadline_ns <= now_ns)
			return &table->places[i];
	return NULL;
}

unsigned int pending_count(const struct pending_table *table)
{
	return table->count;
}
