/* SPDX-License-Identifier: Apache-2.0 */
/* A device asks who it is, and brings its events. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "console/frontend/encoding.h"
#include "console/frontend/handlers.h"
#include "console/frontend/route.h"
#include "console/frontend/state.h"
#include "common/uuid.h"

#define BUSY_MS 1000

static const char *const states[] = {
	[DEVICE_NONE] = "none",
	[DEVICE_PENDING] = "pending",
	[DEVICE_TRUSTED] = "trusted",
	[DEVICE_SUSPENDED] = "suspended",
	[DEVICE_REVOKED] = "revoked",
};

static void put_who(struct bytes_writer *frame, uint64_t id, const struct http_request *request)
{
	struct console_who who = {.id = id,
		.is_after_loss = !strcmp(http_request_target(request), ROUTE_EVENTS_AFTER_LOSS)};

	memcpy(who.certificate, http_request_peer(request)->certificate, sizeof(who.certificate));
	(void)snprintf(who.address, sizeof(who.address), "%s", http_request_address(request));
	console_put_who(frame, &who);
}

void handle_device(struct frontend *frontend, struct http_request *request)
{
	struct pending *pending = exchange_begin(frontend, request, PENDING_DEVICE);

	if (!pending)
		return;
	put_who(peer_begin(CONSOLE_DEVICE), pending->id, request);
	exchange_ask(frontend, pending, &frontend->store);
}

void handle_describe(struct frontend *frontend, struct http_request *request)
{
	struct bytes_writer *frame;
	struct pending *pending;
	const uint8_t *text;
	size_t size;

	text = http_request_body(request, &size);
	pending = exchange_begin(frontend, request, PENDING_DEVICE);
	if (!pending)
		return;
	frame = peer_begin(CONSOLE_DESCRIBE);
	put_who(frame, pending->id, request);
	bytes_put_blob(frame, text, size);
	exchange_ask(frontend, pending, &frontend->store);
}

void handle_events(struct frontend *frontend, struct http_request *request)
{
	struct bytes_writer *frame;
	struct pending *pending;
	const uint8_t *batch;
	size_t size;

	batch = http_request_body(request, &size);
	if (size == 0) {
		answer_refusal(frontend, request, REFUSAL_BATCH_FORMAT, NULL);
		return;
	}
	pending = exchange_begin(frontend, request, PENDING_EVENTS);
	if (!pending)
		return;
	frame = peer_begin(CONSOLE_EVENTS);
	put_who(frame, pending->id, request);
	bytes_put_blob(frame, batch, size);
	exchange_ask(frontend, pending, &frontend->store);
}

/* One that waits for approval, or is suspended, may know that; but not what it would seal to. */
static bool is_told(const struct console_device *device)
{
	return device->refusal == REFUSAL_NONE || device->refusal == REFUSAL_DEVICE_PENDING ||
	       device->refusal == REFUSAL_DEVICE_SUSPENDED;
}

static void send_device(struct http_request *request, const struct console_device *device)
{
	struct json_object *object = json_object_new_object();
	char uid[UUID_TEXT_SIZE], link[ENCODING_HEX_SIZE(CONSOLE_HASH_SIZE)];
	char key[ENCODING_BASE64_SIZE(sizeof(device->seal_key))];
	char challenge[ENCODING_HEX_SIZE(CONSOLE_UID_SIZE)];
	struct http_answer answer = {.status = 200, .type = "application/json"};

	uuid_format(device->device, uid);
	encoding_hex(device->link, sizeof(device->link), link);
	encoding_base64(device->seal_key, sizeof(device->seal_key), key);
	json_object_object_add(object, "device", json_object_new_string(uid));
	json_object_object_add(object, "state", json_object_new_string(states[device->state]));
	json_object_object_add(object, "tenant", json_object_new_string(device->tenant));
	json_object_object_add(object, "ack", json_object_new_uint64(device->ack));
	json_object_object_add(object, "link", json_object_new_string(link));
	if (device->refusal == REFUSAL_NONE && device->state == DEVICE_TRUSTED)
		json_object_object_add(object, "seal_key", json_object_new_string(key));
	if (device->refusal == REFUSAL_NONE && device->state == DEVICE_TRUSTED) {
		encoding_hex(device->challenge, sizeof(device->challenge), challenge);
		json_object_object_add(object, "challenge", json_object_new_string(challenge));
	}
	answer.body = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	answer.size = strlen(answer.body);
	http_answer(request, &answer);
	json_object_put(object);
}

void device_answer(
	struct frontend *frontend, struct pending *pending, const struct console_device *device)
{
	struct http_request *request = pending->request;

	if (!is_told(device)) {
		exchange_refuse(frontend, pending, device->refusal, device);
		return;
	}
	pending_remove(frontend->pending, pending);
	send_device(request, device);
}

/* How long the device is to wait before it brings more: before it comes to refusals. */
static unsigned int retry_ms(const struct frontend *frontend)
{
	return pending_count(frontend->pending) * 2 > frontend->limits.in_flight ? BUSY_MS : 0;
}

void events_answer(
	struct frontend *frontend, struct pending *pending, const struct console_device *device)
{
	char link[ENCODING_HEX_SIZE(CONSOLE_HASH_SIZE)], body[192];
	struct http_request *request = pending->request;
	struct http_answer answer = {.status = 200, .type = "application/json", .body = body};

	if (device->refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, device->refusal, device);
		return;
	}
	pending_remove(frontend->pending, pending);
	encoding_hex(device->link, sizeof(device->link), link);
	answer.size = (size_t)snprintf(body, sizeof(body),
		"{\"ack\":%" PRIu64 ",\"link\":\"%s\",\"retry_ms\":%u}", device->ack, link,
		retry_ms(frontend));
	http_answer(request, &answer);
}
