/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device asks for its policy, and is answered when there is a newer one: at once, or when one is
 * published while it waits. The bundle is passed on as the store made it: it is not parsed here.
 * The same request waits for another word of the device's trust, which it then asks for by POST: one
 * connection is held for both.
 *
 * The store's messages come in the order in which it did things: an answer behind POLICIES_CHANGED
 * knows of the change, and one before it was taken in before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/frontend/handlers.h"
#include "console/frontend/query.h"
#include "console/frontend/route.h"
#include "console/frontend/state.h"
#include "console/frontend/waiting.h"

#define ASKED_MAX 64 /* questions under way */
#define MS_NS	  UINT64_C(1000000)

/* Ends it with nothing new: the device asks again. */
static void end_empty(struct frontend *frontend, struct waiter *waiter)
{
	static const struct http_answer nothing = {.status = 204};
	struct http_request *request = waiter->request;

	waiting_remove(frontend->waiting, waiter);
	http_answer(request, &nothing);
}

/* What it knows of its trust is not so any more. */
static void end_word(struct frontend *frontend, struct waiter *waiter, bool is_last)
{
	const struct http_answer other = {.status = 205, .is_last = is_last};
	struct http_request *request = waiter->request;

	waiting_remove(frontend->waiting, waiter);
	http_answer(request, &other);
}

static void end_refused(struct frontend *frontend, struct waiter *waiter, uint16_t refusal)
{
	struct http_request *request = waiter->request;

	waiting_remove(frontend->waiting, waiter);
	answer_refusal(frontend, request, refusal, NULL);
}

static int ask(struct frontend *frontend, struct waiter *waiter)
{
	struct console_poll poll = {.id = waiter->id, .have = waiter->have, .word = waiter->word};

	memcpy(poll.certificate, http_request_peer(waiter->request)->certificate,
		sizeof(poll.certificate));
	(void)snprintf(
		poll.address, sizeof(poll.address), "%s", http_request_address(waiter->request));
	console_put_poll(peer_begin(CONSOLE_POLICY), &poll);
	return peer_send(&frontend->store);
}

/* Asks for those in line, as many at a time as may be. */
static void ask_more(struct frontend *frontend)
{
	struct waiter *waiter;

	while (waiting_count(frontend->waiting, WAITER_ASKED) < ASKED_MAX &&
		(waiter = waiting_first(frontend->waiting, WAITER_IN_LINE))) {
		if (ask(frontend, waiter) < 0)
			return; /* the store has too much to do: the next tick tries again */
		waiter->asked_ns = clock_steady_ns();
		waiting_move(frontend->waiting, waiter, WAITER_ASKED);
	}
}

void handle_policy(struct frontend *frontend, struct http_request *request)
{
	const char *text = http_request_target(request) + strlen(ROUTE_POLICY);
	const uint8_t *device = http_request_peer(request)->device;
	struct waiter *waiter;
	struct query query;

	if (query_parse(text, &query) < 0) {
		answer_refusal(frontend, request, REFUSAL_SYNTAX, NULL);
		return;
	}
	waiter = waiting_of(frontend->waiting, device);
	if (waiter) /* a connection that it has given up, as a rule */
		end_empty(frontend, waiter);
	waiter = waiting_add(frontend->waiting, device);
	if (!waiter) {
		answer_refusal(frontend, request, REFUSAL_BUSY, NULL);
		return;
	}
	waiter->request = request;
	waiter->have = query.have;
	waiter->word = query.lease;
	waiter->deadline_ns = clock_steady_ns() + query.wait_s * CLOCK_SECOND_NS;
	ask_more(frontend);
}

struct mapping {
	void *start;
	size_t size;
};

static void mapping_end(void *userdata)
{
	struct mapping *mapping = userdata;

	(void)munmap(mapping->start, mapping->size); /* can't fail: it is ours */
	free(mapping);
}

/* NULL when it is not what the store says, or without memory. */
static struct mapping *mapping_of(int fd, size_t size)
{
	struct mapping *mapping;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || !(seals & F_SEAL_WRITE))
		return NULL;
	mapping = malloc(sizeof(*mapping));
	if (!mapping)
		return NULL;
	mapping->size = size;
	mapping->start = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (mapping->start == MAP_FAILED) {
		free(mapping);
		return NULL;
	}
	return mapping;
}

static void end_with_bundle(struct frontend *frontend, struct waiter *waiter, int fd, size_t size)
{
	struct mapping *mapping = mapping_of(fd, size);
	struct http_request *request = waiter->request;
	struct http_answer answer = {.status = 200, .type = "application/octet-stream"};

	if (!mapping) {
		end_refused(frontend, waiter, REFUSAL_BUSY);
		return;
	}
	answer.body = mapping->start;
	answer.size = size;
	answer.release = mapping_end;
	answer.userdata = mapping;
	waiting_remove(frontend->waiting, waiter);
	http_answer(request, &answer);
}

void policy_answer(struct frontend *frontend, const struct console_policy *policy, int fd)
{
	struct waiter *waiter = waiting_find(frontend->waiting, policy->id);

	if ((policy->version != 0) != (fd >= 0))
		fatal("the store sent a policy without its bytes, or bytes without one, stopping");
	if (!waiter)
		return; /* too late */
	if (waiter->state != WAITER_ASKED)
		fatal("the store answers what it was not asked, stopping");
	if (policy->refusal != REFUSAL_NONE)
		end_refused(frontend, waiter, policy->refusal);
	else if (waiter->word && policy->word != waiter->word)
		end_word(frontend, waiter, false);
	else if (policy->version)
		end_with_bundle(frontend, waiter, fd, policy->size);
	else if (waiter->deadline_ns <= clock_steady_ns())
		end_empty(frontend, waiter);
	else
		waiting_move(frontend->waiting, waiter, WAITER_CONTENT);
	ask_more(frontend);
}

void policy_changed(struct frontend *frontend)
{
	waiting_stir(frontend->waiting);
	ask_more(frontend);
}

void policy_device_changed(
	struct frontend *frontend, const uint8_t device[CONSOLE_UID_SIZE], bool is_ending)
{
	struct waiter *waiter = waiting_of(frontend->waiting, device);

	if (waiter && waiter->word)
		end_word(frontend, waiter, is_ending);
	else if (waiter && is_ending)
		end_empty(frontend, waiter);
}

void policy_sweep(struct frontend *frontend)
{
	uint64_t now_ns = clock_steady_ns();
	struct waiter *next;

	for (enum waiter_state state = 0; state < WAITER_STATE_MAX; state++)
		for (struct waiter *waiter = waiting_first(frontend->waiting, state); waiter;
			waiter = next) {
			next = waiting_next(waiter);
			if (http_request_is_gone(waiter->request) ||
				(state == WAITER_CONTENT && waiter->deadline_ns <= now_ns))
				end_empty(frontend, waiter);
			else if (state == WAITER_ASKED &&
				 now_ns - waiter->asked_ns > frontend->limits.store_ms * MS_NS)
				end_refused(frontend, waiter, REFUSAL_BUSY);
		}
	ask_more(frontend);
}
