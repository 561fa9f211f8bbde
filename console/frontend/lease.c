/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device asks for the console's word of its trust. Neither the question nor the word is looked at
 * here: the store proves the one, the authority signs the other, and this process has no part in it.
 */
#include <stdio.h>
#include <string.h>

#include "console/frontend/handlers.h"
#include "console/frontend/state.h"

void handle_lease(struct frontend *frontend, struct http_request *request)
{
	struct console_who who = {0};
	struct bytes_writer *frame;
	struct pending *pending;
	const uint8_t *question;
	size_t size;

	question = http_request_body(request, &size);
	pending = exchange_begin(frontend, request, PENDING_LEASE);
	if (!pending)
		return;
	who.id = pending->id;
	memcpy(who.certificate, http_request_peer(request)->certificate, sizeof(who.certificate));
	(void)snprintf(who.address, sizeof(who.address), "%s", http_request_address(request));
	frame = peer_begin(CONSOLE_LEASE);
	console_put_who(frame, &who);
	bytes_put_blob(frame, question, size);
	exchange_ask(frontend, pending, &frontend->store);
}

void lease_answer(
	struct frontend *frontend, struct pending *pending, const struct console_word *word)
{
	struct http_request *request = pending->request;
	const struct http_answer answer = {
		.status = 200, .type = "text/plain", .body = word->text, .size = word->size};

	if (word->refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, word->refusal, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	http_answer(request, &answer);
}
