/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS requests to the consoles of the configuration, one at a time. A console that can't be
 * reached, or says that it can't now, is left for the next one; when all were tried, a random pause
 * up to a bound that doubles, so that a fleet does not come back all at once ("full jitter").
 */
#ifndef HOLDFAST_AGENT_UPLINK_EXCHANGE_H
#define HOLDFAST_AGENT_UPLINK_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/uplink/network.h"

#define EXCHANGE_PAUSE_MIN_MS 1000
#define EXCHANGE_PAUSE_MAX_MS 300000
#define EXCHANGE_ERROR_SIZE   256

struct exchange;

struct exchange_plan {
	struct network *network;     /* borrowed for its life, as is */
	const struct config *config; /* which has at least one console */
	size_t answer_max;	     /* bytes of a body; more is a failure */
	long silence_s;		     /* so long without a byte, and the peer is gone */
};

struct exchange_request {
	const char *path; /* "/v1/events" */
	const char *type; /* of the body; NULL = a GET */
	const void *body; /* borrowed until the answer */
	size_t size;
	const char *token; /* for HTTP Basic; NULL = none */
};

struct exchange_answer {
	long status;	  /* of HTTP; 0 = no answer: see error */
	const char *body; /* ends with NUL; borrowed until the next request */
	size_t size;
	uint64_t retry_ms;		 /* Retry-After, at most a day; 0 = none */
	char error[EXCHANGE_ERROR_SIZE]; /* of the connection */
};

/* NULL without memory. Caller frees. */
struct exchange *exchange_new(const struct exchange_plan *plan);
/* Ends what is under way. Accepts NULL. */
void exchange_free(struct exchange *exchange);
CLEANUP_DEFINE(struct exchange, exchange_free)

/* Whether a request may be made: none is under way and the pause is over. */
bool exchange_is_ready(const struct exchange *exchange);
/* -EBUSY, -ENOMEM. */
int exchange_begin(struct exchange *exchange, const struct exchange_request *request);
/* After network_wait(): 1 when the answer has come, else 0. */
int exchange_take(struct exchange *exchange, struct exchange_answer *ret_answer);
/*
 * What the caller makes of the last answer: the pause begins anew after a good one, and goes on to
 * grow after a bad one; either lasts retry_ms at least.
 */
void exchange_settle(struct exchange *exchange, bool is_good, uint64_t retry_ms);
/* Of the console asked last, or to be asked next. Borrowed. */
const char *exchange_console(const struct exchange *exchange);

#endif
