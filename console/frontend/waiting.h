/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that wait for a policy, or for another word of their trust: one place for each, however often it asks. Few of them are asked
 * for at a time, so that one that is published is no flood to the store: the others are in a line.
 * No I/O, no clock.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_WAITING_H
#define HOLDFAST_CONSOLE_FRONTEND_WAITING_H

#include <sys/queue.h>

#include "console/ipc/messages.h"

struct http_request;
struct waiting;

enum waiter_state {
	WAITER_IN_LINE, /* the store is to be asked */
	WAITER_ASKED,
	WAITER_CONTENT, /* has the newest: until another is published, or its time is over */
	WAITER_STATE_MAX
};

struct waiter {
	LIST_ENTRY(waiter) peer;
	TAILQ_ENTRY(waiter) entry;
	enum waiter_state state;
	uint64_t id;
	uint64_t have;	      /* version */
	uint64_t word;	      /* serial of what it knows of its trust; 0 = it does not ask */
	uint64_t deadline_ns; /* it waits until then */
	uint64_t asked_ns;
	struct http_request *request;
	uint8_t device[CONSOLE_UID_SIZE];
};

/* places: at most so many wait. NULL without memory. */
struct waiting *waiting_new(unsigned int places);
/* Requests are not looked at. Accepts NULL. */
void waiting_free(struct waiting *waiting);
/* In line. The device must not wait already. NULL without a place or memory. */
struct waiter *waiting_add(struct waiting *waiting, const uint8_t device[CONSOLE_UID_SIZE]);
/* The request is the caller's to answer. */
void waiting_remove(struct waiting *waiting, struct waiter *waiter);
/* NULL when it does not wait (any more). */
struct waiter *waiting_find(struct waiting *waiting, uint64_t id);
struct waiter *waiting_of(struct waiting *waiting, const uint8_t device[CONSOLE_UID_SIZE]);
void waiting_move(struct waiting *waiting, struct waiter *waiter, enum waiter_state state);
/* All that are content are in line again. */
void waiting_stir(struct waiting *waiting);
/* First of those in that state, and behind it; NULL. */
struct waiter *waiting_first(const struct waiting *waiting, enum waiter_state state);
struct waiter *waiting_next(const struct waiter *waiter);
unsigned int waiting_count(const struct waiting *waiting, enum waiter_state state);

#endif
