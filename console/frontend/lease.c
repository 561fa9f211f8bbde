/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device asks for the console's word of its trust, or for keys of labels, or brings its receipt of having been
 * wiped. Neither the question nor the
 * answer is looked at here: the store proves the one, the authority signs the other, and seals keys to who
 * asked, and this process has no part in it.
 */
#include <stdio.h>
#include <string.h>

#include "console/frontend/handlers.h"
#include "console/frontend/state.h"

static void ask(struct frontend *frontend, struct http_request *request, enum pending_stage stage,
	uint16_t type)
{
	struct console_who who = {0};
	struct bytes_writer *frame;
	struct pending *pending;
	const uint8_t *question;
	size_t size;

	question = http_request_body(request, &size);
	pending = exchange_begin(frontend, request, stage);
	if (!pending)
		return;
	who.id = pending->id;
	memcpy(who.certificate, http_request_peer(request)->certificate, sizeof(who.certificate));
	(void)snprintf(who.address, sizeof(who.address), "%s", http_request_address(request));
	frame = peer_begin(type);
	console_put_who(frame, &who);
	bytes_put_blob(frame, question, size);
	exchange_ask(frontend, pending, &frontend->store);
}

void handle_lease(struct frontend *frontend, struct http_request *request)
{
	ask(frontend, request, PENDING_LEASE, CONSOLE_LEASE);
}

void handle_keys(struct frontend *frontend, struct http_request *request)
{
	ask(frontend, request, PENDING_KEYS, CONSOLE_KEYS);
}

void handle_receipt(struct frontend *frontend, struct http_request *request)
{
	ask(frontend, request, PENDING_RECEIPT, CONSOLE_RECEIPT);
}

void receipt_answer(struct frontend *frontend, struct pending *pending, uint16_t refusal)
{
	struct http_request *request = pending->request;
	const struct http_answer answer = {.status = 200,
		.type = "application/json",
		.body = "{\"taken\":true}",
		.size = strlen("{\"taken\":true}")};

	if (refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, refusal, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	http_answer(request, &answer);
}

void lease_answer(
	struct frontend *frontend, struct pending *pending, const struct console_word *word)
{
	struct http_request *request = pending->request;
	const struct http_answer answer = {.status = 200,
		.type = pending->stage == PENDING_LEASE ? "text/plain" : "application/octet-stream",
		.body = word->text,
		.size = word->size};

	if (word->refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, word->refusal, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	http_answer(request, &answer);
}
