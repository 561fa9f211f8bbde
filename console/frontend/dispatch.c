/* SPDX-License-Identifier: Apache-2.0 */
/* What every request must be before its handler sees it. */
#include <string.h>
#include <time.h>

#include "console/frontend/handlers.h"
#include "console/frontend/route.h"
#include "console/frontend/state.h"

/* A message's length must be beyond doubt: one number, no chunks (RFC 9112, 6.3 and 11.2). */
static uint16_t check_length(struct http_request *request, const struct route *route)
{
	size_t size;

	(void)http_request_body(request, &size);
	if (http_request_count_headers(request, "Content-Length") > 1)
		return REFUSAL_LENGTH;
	if (route->method == HTTP_POST && !http_request_header(request, "Content-Length"))
		return REFUSAL_LENGTH;
	return size > route->body_max ? REFUSAL_TOO_LARGE : REFUSAL_NONE;
}

static uint16_t check_peer(const struct http_request *request, const struct route *route)
{
	const struct tls_peer *peer = http_request_peer(request);

	if (!peer->has_certificate)
		return route->needs_certificate ? REFUSAL_NO_CERTIFICATE : REFUSAL_NONE;
	/* was good at the handshake, which may be long ago */
	return peer->expires < time(NULL) ? REFUSAL_CERTIFICATE_EXPIRED : REFUSAL_NONE;
}

void dispatch(void *context, struct http_request *request)
{
	struct frontend *frontend = context;
	struct http_header allow = {.name = "Allow"};
	const struct route *route;
	uint16_t refusal;

	if (http_request_header(request, "Transfer-Encoding")) {
		answer_refusal(frontend, request, REFUSAL_LENGTH, NULL);
		return;
	}
	if (http_request_count_headers(request, NULL) > frontend->limits.headers) {
		answer_refusal(frontend, request, REFUSAL_SYNTAX, NULL);
		return;
	}
	route = route_find(
		http_request_method(request), http_request_target(request), &refusal, &allow.value);
	if (!route) {
		if (refusal == REFUSAL_METHOD)
			answer_refusal_with(frontend, request, refusal, &allow);
		else
			answer_refusal(frontend, request, refusal, NULL);
		return;
	}
	refusal = check_length(request, route);
	if (refusal == REFUSAL_NONE)
		refusal = check_peer(request, route);
	if (refusal != REFUSAL_NONE)
		answer_refusal(frontend, request, refusal, NULL);
	else
		route->handle(frontend, request);
}

void handle_health(struct frontend *frontend, struct http_request *request)
{
	static const struct http_answer ok = {
		.status = 200, .type = "text/plain", .body = "ok\n", .size = 3};

	(void)frontend;
	http_answer(request, &ok);
}
