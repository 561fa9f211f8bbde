/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/device/keyless: a machine has a device's disk and can't use its key, so it can prove
 * nothing, and says so: the body is the device's certificate. The answer is the same whether there
 * is such a device or not.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "common/clock.h"
#include "console/frontend/handlers.h"
#include "console/frontend/state.h"

void handle_keyless(struct frontend *frontend, struct http_request *request)
{
	const uint8_t *network = http_request_network(request), *certificate;
	uint64_t now_ns = clock_steady_ns();
	struct console_who who = {0};
	struct bytes_writer *frame;
	struct pending *pending;
	unsigned int length = sizeof(who.certificate);
	size_t size;

	if (rate_is_over(&frontend->failures, network, frontend->limits.failures, now_ns)) {
		answer_refusal(frontend, request, REFUSAL_RATE, NULL);
		return;
	}
	rate_note(&frontend->failures, network, now_ns); /* anybody can say so */
	certificate = http_request_body(request, &size);
	if (!size ||
		EVP_Digest(certificate, size, who.certificate, &length, EVP_sha256(), NULL) != 1) {
		answer_refusal(frontend, request, REFUSAL_SYNTAX, NULL);
		return;
	}
	pending = exchange_begin(frontend, request, PENDING_KEYLESS);
	if (!pending)
		return;
	who.id = pending->id;
	(void)snprintf(who.address, sizeof(who.address), "%s", http_request_address(request));
	frame = peer_begin(CONSOLE_KEYLESS);
	console_put_who(frame, &who);
	exchange_ask(frontend, pending, &frontend->store);
}

void keyless_answer(struct frontend *frontend, struct pending *pending, uint16_t refusal)
{
	static const struct http_answer heard = {
		.status = 200, .type = "application/json", .body = "{}", .size = 2};
	struct http_request *request = pending->request;

	if (refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, refusal, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	http_answer(request, &heard);
}
