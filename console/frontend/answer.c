/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals: what the client is told, and what the log says more. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/frontend/encoding.h"
#include "console/frontend/state.h"
#include "common/uuid.h"

#define BUSY_SECONDS "2"
#define RATE_SECONDS "60"

static void log_refusal(
	struct frontend *frontend, const struct http_request *request, uint16_t refusal)
{
	const struct refusal_row *row = refusal_row(refusal);
	const struct tls_peer *peer = http_request_peer(request);
	char device[UUID_TEXT_SIZE] = "no certificate";

	if (!log_allowed(peer->has_certificate ? &frontend->device_log : &frontend->stranger_log))
		return;
	if (peer->has_certificate)
		uuid_format(peer->device, device);
	log_notice("refused %s %.64s of %s (%s): %s, %s", http_request_method_text(request),
		http_request_target(request), http_request_address(request), device, row->code,
		row->text);
}

/* After these nothing of the same connection is to be believed, or there is nothing more to say. */
static bool is_last(uint16_t refusal)
{
	switch (refusal) {
	case REFUSAL_LENGTH:
	case REFUSAL_SYNTAX:
	case REFUSAL_TOO_LARGE:
	case REFUSAL_DEVICE_REVOKED:
	case REFUSAL_CERTIFICATE_EXPIRED:
		return true;
	default:
		return false;
	}
}

static void send_refusal(struct http_request *request, uint16_t refusal,
	const struct console_device *device, const struct http_header *header)
{
	const struct refusal_row *row = refusal_row(refusal);
	char link[ENCODING_HEX_SIZE(CONSOLE_HASH_SIZE)], body[512];
	struct http_answer answer = {
		.status = row->status,
		.type = "application/json",
		.body = body,
		.is_last = is_last(refusal),
	};
	int used;

	/* code and text are of our own table: nothing in them needs escaping */
	if (device && (refusal == REFUSAL_BATCH_GAP || refusal == REFUSAL_BATCH_CHAIN)) {
		encoding_hex(device->link, sizeof(device->link), link);
		used = snprintf(body, sizeof(body),
			"{\"error\":\"%s\",\"text\":\"%s\",\"ack\":%" PRIu64 ",\"link\":\"%s\"}",
			row->code, row->text, device->ack, link);
	} else {
		used = snprintf(body, sizeof(body), "{\"error\":\"%s\",\"text\":\"%s\"}", row->code,
			row->text);
	}
	answer.size = (size_t)used;
	if (header)
		answer.headers[0] = *header;
	else if (row->status == 503)
		answer.headers[0] = (struct http_header){"Retry-After", BUSY_SECONDS};
	else if (row->status == 429)
		answer.headers[0] = (struct http_header){"Retry-After", RATE_SECONDS};
	else if (row->status == 401)
		answer.headers[0] = (struct http_header){"WWW-Authenticate",
			"Basic realm=\"holdfast enrolment\", charset=\"UTF-8\""};
	http_answer(request, &answer);
}

void answer_refusal(struct frontend *frontend, struct http_request *request, uint16_t refusal,
	const struct console_device *device)
{
	log_refusal(frontend, request, refusal);
	send_refusal(request, refusal, device, NULL);
}

void answer_refusal_with(struct frontend *frontend, struct http_request *request, uint16_t refusal,
	const struct http_header *header)
{
	log_refusal(frontend, request, refusal);
	send_refusal(request, refusal, NULL, header);
}
