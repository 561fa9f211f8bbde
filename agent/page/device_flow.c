/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/page/device_flow.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent/page/https.h"
#include "agent/page/id_token.h"
#include "agent/page/jose.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"

#define DISCOVERY  "/.well-known/openid-configuration"
#define GRANT_TYPE "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
#define FORM_SIZE  4096

CLEANUP_DEFINE(struct json_object, json_object_put)

/* What is known of the provider and of the sign-in under way. */
struct flow {
	const struct device_flow_wish *wish;
	char *words; /* DEVICE_FLOW_TEXT */
	char device_endpoint[DEVICE_FLOW_TEXT];
	char token_endpoint[DEVICE_FLOW_TEXT];
	char keys_address[DEVICE_FLOW_TEXT];
	char device_code[DEVICE_FLOW_TEXT];
	uint64_t asked_s; /* since 1970 */
	uint64_t end_ns;  /* CLOCK_BOOTTIME */
	uint64_t interval_s;
};

static int fail(struct flow *flow, int error, const char *words)
{
	(void)snprintf(flow->words, DEVICE_FLOW_TEXT, "%s", words);
	return error;
}

/* An answer that is a JSON object, the caller's to put. */
static int ask(struct flow *flow, const char *address, const char *form, long *ret_status,
	struct json_object **ret_object)
{
	const struct https_question question = {.address = address,
		.form = form,
		.ca = flow->wish->ca,
		.size_max = DEVICE_FLOW_ANSWER};
	struct https_answer answer = {0};
	int r = https_ask(&question, &answer, flow->words, DEVICE_FLOW_TEXT);

	if (r < 0)
		return r;
	*ret_status = answer.status;
	*ret_object = jose_object(answer.text, answer.size);
	https_answer_done(&answer);
	return *ret_object ? 0 : fail(flow, -EPROTO, "the page's server answers with no JSON");
}

static bool copy(struct json_object *from, const char *key, char ret_text[DEVICE_FLOW_TEXT])
{
	int size = snprintf(ret_text, DEVICE_FLOW_TEXT, "%s", json_text(from, key));

	return size > 0 && size < DEVICE_FLOW_TEXT;
}

static bool is_https(const char *address)
{
	return !strncmp(address, "https://", strlen("https://"));
}

static int discover(struct flow *flow)
{
	auto_call(json_object_putp) struct json_object *object = NULL;
	char address[DEVICE_FLOW_TEXT];
	size_t size = strlen(flow->wish->issuer);
	long status = 0;
	int r;

	if (size && flow->wish->issuer[size - 1] == '/')
		size--;
	(void)snprintf(address, sizeof(address), "%.*s" DISCOVERY, (int)size, flow->wish->issuer);
	r = ask(flow, address, NULL, &status, &object);
	if (r < 0)
		return r;
	if (status != 200 ||
		!copy(object, "device_authorization_endpoint", flow->device_endpoint) ||
		!copy(object, "token_endpoint", flow->token_endpoint) ||
		!copy(object, "jwks_uri", flow->keys_address))
		return fail(flow, -EPROTO, "the page's server has no device authorization grant");
	/* Discovery 1.0, 4.3: else another provider could speak for it. */
	if (strcmp(json_text(object, "issuer"), flow->wish->issuer) != 0)
		return fail(flow, -EPROTO, "the page's server is of another issuer");
	if (!is_https(flow->device_endpoint) || !is_https(flow->token_endpoint) ||
		!is_https(flow->keys_address))
		return fail(flow, -EPROTO, "the page's server has addresses without TLS");
	return 0;
}

static uint64_t bounded(uint64_t number, uint64_t least, uint64_t most)
{
	return number < least ? least : number > most ? most : number;
}

static int begin(struct flow *flow)
{
	auto_call(json_object_putp) struct json_object *object = NULL;
	auto_free char *client = https_escape(flow->wish->client);
	char form[FORM_SIZE], address[DEVICE_FLOW_TEXT], code[DEVICE_FLOW_TEXT];
	long status = 0;
	int r;

	if (!client)
		return -ENOMEM;
	flow->asked_s = clock_day_ms() / 1000;
	/* max_age: whoever has a session in the browser must sign in again. */
	(void)snprintf(form, sizeof(form),
		"client_id=%s&scope=openid%%20profile%%20email&max_age=0&prompt=login", client);
	r = ask(flow, flow->device_endpoint, form, &status, &object);
	if (r < 0)
		return r;
	if (status != 200 || !copy(object, "device_code", flow->device_code) ||
		!copy(object, "user_code", code) || !copy(object, "verification_uri", address))
		return fail(flow, -EPROTO, "the page's server does not begin a sign-in");
	flow->interval_s = bounded(json_number(object, "interval"), 1, 60);
	if (!json_at(object, "interval"))
		flow->interval_s = DEVICE_FLOW_INTERVAL_S;
	flow->end_ns = clock_boot_ns() +
		       bounded(json_number(object, "expires_in"), 10, DEVICE_FLOW_WAIT_S) *
			       CLOCK_SECOND_NS;
	if (!is_https(address) || !flow->wish->show(address, code, flow->wish->userdata))
		return fail(flow, -EPROTO, "nobody waits any more");
	return 0;
}

static int judge(struct flow *flow, const char *token)
{
	const struct https_question question = {.address = flow->keys_address,
		.ca = flow->wish->ca,
		.size_max = DEVICE_FLOW_ANSWER};
	struct https_answer keys = {0};
	struct id_token_wish wish = {.issuer = flow->wish->issuer,
		.client = flow->wish->client,
		.claim = flow->wish->claim,
		.user = flow->wish->user,
		.domain = flow->wish->domain,
		.asked_s = flow->asked_s};
	enum id_token_verdict verdict;
	int r = https_ask(&question, &keys, flow->words, DEVICE_FLOW_TEXT);

	if (r < 0)
		return r;
	wish.keys = keys.text;
	wish.now_s = clock_day_ms() / 1000;
	verdict = id_token_check(token, &wish);
	https_answer_done(&keys);
	return verdict == ID_TOKEN_GOOD ? 0 : fail(flow, -EACCES, id_token_words(verdict));
}

/* 0 or a verdict; -EAGAIN: not yet. RFC 8628, 3.5. */
static int ask_token(struct flow *flow, const char *form)
{
	auto_call(json_object_putp) struct json_object *object = NULL;
	const char *error;
	long status = 0;
	int r = ask(flow, flow->token_endpoint, form, &status, &object);

	if (r == -EHOSTUNREACH)
		return -EAGAIN; /* 3.5: a connection that times out is tried again */
	if (r < 0)
		return r;
	if (status == 200 && json_text(object, "id_token")[0])
		return judge(flow, json_text(object, "id_token"));
	error = json_text(object, "error");
	if (!strcmp(error, "slow_down"))
		flow->interval_s += 5;
	if (!strcmp(error, "slow_down") || !strcmp(error, "authorization_pending"))
		return -EAGAIN;
	if (!strcmp(error, "access_denied"))
		return fail(flow, -EACCES, "refused at the page");
	if (!strcmp(error, "expired_token"))
		return fail(flow, -ETIMEDOUT, "nobody signed in at the page in time");
	return fail(flow, -EPROTO, "the page's server gives no ID token");
}

static int wait_for_token(struct flow *flow)
{
	auto_free char *client = https_escape(flow->wish->client);
	auto_free char *code = https_escape(flow->device_code);
	char form[FORM_SIZE];
	int r, size;

	if (!client || !code)
		return -ENOMEM;
	size = snprintf(form, sizeof(form), "grant_type=%s&client_id=%s&device_code=%s", GRANT_TYPE,
		client, code);
	if (size < 0 || (size_t)size >= sizeof(form))
		return fail(flow, -EPROTO, "the page's server sends too long a code");
	while (clock_boot_ns() < flow->end_ns) {
		(void)poll(NULL, 0, (int)flow->interval_s * 1000); /* shorter by a signal is fine */
		if (flow->wish->is_gone(flow->wish->userdata))
			return fail(flow, -ECANCELED, "nobody waits any more");
		r = ask_token(flow, form);
		if (r != -EAGAIN)
			return r;
	}
	return fail(flow, -ETIMEDOUT, "nobody signed in at the page in time");
}

int device_flow_run(const struct device_flow_wish *wish, char ret_words[DEVICE_FLOW_TEXT])
{
	struct flow flow = {.wish = wish, .words = ret_words};
	int r;

	ret_words[0] = '\0';
	r = discover(&flow);
	if (r == 0)
		r = begin(&flow);
	if (r == 0)
		r = wait_for_token(&flow);
	explicit_bzero(flow.device_code, sizeof(flow.device_code));
	return r;
}
