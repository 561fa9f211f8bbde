/* SPDX-License-Identifier: Apache-2.0 */
/* An id is the device's bucket and, above it, how many were given out before: it does not recur. */
#include "console/frontend/waiting.h"

#include <stdlib.h>
#include <string.h>

#define BUCKET_BITS 12
#define BUCKETS	    (1u << BUCKET_BITS)

LIST_HEAD(waiter_bucket, waiter);
TAILQ_HEAD(waiter_line, waiter);

struct waiting {
	unsigned int places;
	uint64_t given;
	unsigned int counts[WAITER_STATE_MAX];
	struct waiter_line lines[WAITER_STATE_MAX];
	struct waiter_bucket buckets[BUCKETS];
};

struct waiting *waiting_new(unsigned int places)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return NULL;
	waiting->places = places;
	for (unsigned int i = 0; i < WAITER_STATE_MAX; i++)
		TAILQ_INIT(&waiting->lines[i]);
	return waiting;
}

void waiting_free(struct waiting *waiting)
{
	struct waiter *waiter;

	if (!waiting)
		return;
	for (unsigned int i = 0; i < WAITER_STATE_MAX; i++)
		while ((waiter = TAILQ_FIRST(&waiting->lines[i])))
			waiting_remove(waiting, waiter);
	free(waiting);
}

/* Uids are random, and the authority's: nobody chooses them. Their last bytes have no version. */
static unsigned int bucket_of(const uint8_t device[CONSOLE_UID_SIZE])
{
	return (device[14] | (unsigned int)device[15] << 8) & (BUCKETS - 1);
}

struct waiter *waiting_add(struct waiting *waiting, const uint8_t device[CONSOLE_UID_SIZE])
{
	unsigned int count = 0, bucket = bucket_of(device);
	struct waiter *waiter;

	for (unsigned int i = 0; i < WAITER_STATE_MAX; i++)
		count += waiting->counts[i];
	waiter = count < waiting->places ? calloc(1, sizeof(*waiter)) : NULL;
	if (!waiter)
		return NULL;
	waiter->id = ++waiting->given << BUCKET_BITS | bucket;
	waiter->state = WAITER_IN_LINE;
	memcpy(waiter->device, device, sizeof(waiter->device));
	LIST_INSERT_HEAD(&waiting->buckets[bucket], waiter, peer);
	TAILQ_INSERT_TAIL(&waiting->lines[WAITER_IN_LINE], waiter, entry);
	waiting->counts[WAITER_IN_LINE]++;
	return waiter;
}

void waiting_remove(struct waiting *waiting, struct waiter *waiter)
{
	LIST_REMOVE(waiter, peer);
	TAILQ_REMOVE(&waiting->lines[waiter->state], waiter, entry);
	waiting->counts[waiter->state]--;
	free(waiter);
}

struct waiter *waiting_find(struct waiting *waiting, uint64_t id)
{
	struct waiter *waiter;

	LIST_FOREACH(waiter, &waiting->buckets[id & (BUCKETS - 1)], peer)
	if (waiter->id == id)
		return waiter;
	return NULL;
}

struct waiter *waiting_of(struct waiting *waiting, const uint8_t device[CONSOLE_UID_SIZE])
{
	struct waiter *waiter;

	LIST_FOREACH(waiter, &waiting->buckets[bucket_of(device)], peer)
	if (!memcmp(waiter->device, device, sizeof(waiter->device)))
		return waiter;
	return NULL;
}

void waiting_move(struct waiting *waiting, struct waiter *waiter, enum waiter_state state)
{
	TAILQ_REMOVE(&waiting->lines[waiter->state], waiter, entry);
	waiting->counts[waiter->state]--;
	waiter->state = state;
	TAILQ_INSERT_TAIL(&waiting->lines[state], waiter, entry);
	waiting->counts[state]++;
}

void waiting_stir(struct waiting *waiting)
{
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&waiting->lines[WAITER_CONTENT])))
		waiting_move(waiting, waiter, WAITER_IN_LINE);
}

struct waiter *waiting_first(const struct waiting *waiting, enum waiter_state state)
{
	return TAILQ_FIRST(&waiting->lines[state]);
}

struct waiter *waiting_next(const struct waiter *waiter)
{
	return TAILQ_NEXT(waiter, entry);
}

unsigned int waiting_count(const struct waiting *waiting, enum waiter_state state)
{
	return waiting->counts[state];
}
