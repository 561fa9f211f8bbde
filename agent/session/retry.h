/* SPDX-License-Identifier: Apache-2.0 */
/* Trying again, each time later, and saying so once. Header only. */
#ifndef HOLDFAST_AGENT_SESSION_RETRY_H
#define HOLDFAST_AGENT_SESSION_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST_MS 500

struct retry {
	uint64_t at_ms; /* not before */
	uint64_t wait_ms;
	bool is_told;
};

static inline int retry_left_ms(const struct retry *retry, uint64_t now_ms)
{
	return retry->at_ms > now_ms ? (int)(retry->at_ms - now_ms) : 0;
}

/* It failed. True the first time since it last worked: the time to say so. */
static inline bool retry_later(struct retry *retry, uint64_t now_ms, uint64_t most_ms)
{
	bool is_first = !retry->is_told;

	retry->is_told = true;
	retry->wait_ms = retry->wait_ms ? retry->wait_ms * 2 : RETRY_FIRST_MS;
	if (retry->wait_ms > most_ms)
		retry->wait_ms = most_ms;
	retry->at_ms = now_ms + retry->wait_ms;
	return is_first;
}

/* It works. True when it was said before that it does not. */
static inline bool retry_done(struct retry *retry)
{
	bool was_told = retry->is_told;

	*retry = (struct retry){0};
	return was_told;
}

#endif
