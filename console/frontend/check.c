/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/ticket/check: a service that was shown a ticket asks whether it is good, by a token that an
 * administrator made for it. What the ticket says is the store's to read.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/uuid.h"
#include "console/frontend/handlers.h"
#include "console/frontend/route.h"
#include "console/frontend/state.h"

#define BEARER "Bearer "

static const struct {
	const char *word, *text;
} verdicts[TICKET_VERDICT_MAX] = {
	[TICKET_GOOD] = {"good", "the account is logged in on this trusted device"},
	[TICKET_MALFORMED] = {"malformed", "not a ticket"},
	[TICKET_UNKNOWN_DEVICE] = {"unknown-device", "no device here has this certificate"},
	[TICKET_FORGED] = {"forged", "the device did not sign this, or not about itself"},
	[TICKET_DEVICE_STATE] = {"device-not-trusted", "the device is not trusted now"},
	[TICKET_EXPIRED] = {"expired", "the ticket has expired"},
	[TICKET_EARLY] = {"early", "the ticket is good from later on: a clock is wrong"},
	[TICKET_AUDIENCE] = {"wrong-audience", "the ticket is for another service"},
	[TICKET_TENANT] = {"wrong-tenant", "the account is another tenant's"},
	[TICKET_NONCE] = {"wrong-nonce", "the ticket was made for another question"},
	[TICKET_REPLAYED] = {"replayed", "the ticket was shown before"},
	[TICKET_STALE] = {"stale", "the ticket is of an earlier start or policy of the device"},
	[TICKET_CONTRADICTS] = {"contradicts-record",
		"the ticket says of the device what it did not say of itself"},
	[TICKET_UNFIT] = {"device-unfit", "the device does not meet what its policy requires"},
};

static const char *const states[] = {
	[DEVICE_NONE] = "none",
	[DEVICE_PENDING] = "pending",
	[DEVICE_TRUSTED] = "trusted",
	[DEVICE_SUSPENDED] = "suspended",
	[DEVICE_REVOKED] = "revoked",
};

/* The body's members; *ret_ticket is borrowed of *ret_body, which the caller puts. */
static int read_body(struct http_request *request, struct json_object **ret_body,
	const char **ret_ticket, struct console_check *check)
{
	struct json_tokener *tokener = json_tokener_new_ex(4);
	const uint8_t *text;
	size_t size;

	text = http_request_body(request, &size);
	if (!tokener || !size || size > ROUTE_CHECK_MAX)
		*ret_body = NULL;
	else
		*ret_body = json_tokener_parse_ex(tokener, (const char *)text, (int)size);
	if (tokener)
		json_tokener_free(tokener);
	if (!json_object_is_type(*ret_body, json_type_object))
		return -EBADMSG;
	if (!json_object_is_type(json_at(*ret_body, "ticket"), json_type_string))
		return -EBADMSG;
	*ret_ticket = json_text(*ret_body, "ticket");
	if (!**ret_ticket || strlen(json_text(*ret_body, "nonce")) >= sizeof(check->nonce))
		return -EBADMSG;
	(void)snprintf(check->nonce, sizeof(check->nonce), "%s", json_text(*ret_body, "nonce"));
	return 0;
}

static bool read_token(const struct http_request *request, struct console_check *check)
{
	const char *header = http_request_header(request, "Authorization");

	if (!header || strncmp(header, BEARER, strlen(BEARER)) != 0 ||
		strlen(header) - strlen(BEARER) >= sizeof(check->token))
		return false;
	(void)snprintf(check->token, sizeof(check->token), "%s", header + strlen(BEARER));
	return check->token[0] != '\0';
}

static void ask_store(struct frontend *frontend, struct http_request *request,
	struct console_check *check, const char *ticket)
{
	struct pending *pending = exchange_begin(frontend, request, PENDING_CHECK);
	struct bytes_writer *frame;

	if (!pending)
		return;
	check->id = pending->id;
	(void)snprintf(check->address, sizeof(check->address), "%s", http_request_address(request));
	frame = peer_begin(CONSOLE_CHECK);
	console_put_check(frame, check);
	bytes_put_blob(frame, ticket, strlen(ticket));
	exchange_ask(frontend, pending, &frontend->store);
}

void handle_check(struct frontend *frontend, struct http_request *request)
{
	struct console_check check = {0};
	struct json_object *body = NULL;
	const char *ticket;

	if (rate_is_over(&frontend->failures, http_request_network(request),
		    frontend->limits.failures, clock_steady_ns()))
		answer_refusal(frontend, request, REFUSAL_RATE, NULL);
	else if (!read_token(request, &check))
		answer_refusal(frontend, request, REFUSAL_CHECK_TOKEN, NULL);
	else if (read_body(request, &body, &ticket, &check) < 0)
		answer_refusal(frontend, request, REFUSAL_TICKET_SYNTAX, NULL);
	else
		ask_store(frontend, request, &check, ticket);
	(void)json_object_put(body); /* freed */
	explicit_bzero(check.token, sizeof(check.token));
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	if (text[0])
		json_object_object_add(object, name, json_object_new_string(text));
}

static void send_verdict(struct http_request *request, const struct console_checked *checked)
{
	struct json_object *object = json_object_new_object();
	struct http_answer answer = {.status = 200, .type = "application/json"};
	char uid[UUID_TEXT_SIZE];

	json_object_object_add(
		object, "good", json_object_new_boolean(checked->verdict == TICKET_GOOD));
	add_text(object, "verdict", verdicts[checked->verdict].word);
	add_text(object, "text", verdicts[checked->verdict].text);
	if (checked->state != DEVICE_NONE) {
		uuid_format(checked->device, uid);
		add_text(object, "device", uid);
		add_text(object, "state", states[checked->state]);
	}
	add_text(object, "account", checked->account);
	add_text(object, "tenant", checked->tenant);
	add_text(object, "app", checked->app);
	add_text(object, "trust", checked->trust);
	if (checked->expires_s)
		json_object_object_add(
			object, "expires", json_object_new_uint64(checked->expires_s));
	answer.body = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	answer.size = strlen(answer.body);
	http_answer(request, &answer);
	json_object_put(object);
}

void check_answer(
	struct frontend *frontend, struct pending *pending, const struct console_checked *checked)
{
	struct http_request *request = pending->request;

	if (checked->refusal != REFUSAL_NONE) {
		if (checked->refusal >= REFUSAL_TOKEN_UNKNOWN) /* below are the console's own */
			rate_note(&frontend->failures, http_request_network(request),
				clock_steady_ns());
		exchange_refuse(frontend, pending, checked->refusal, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	send_verdict(request, checked);
}
