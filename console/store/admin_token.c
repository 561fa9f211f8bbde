/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators ask of enrolment tokens. A token itself is said once, when it is made. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/enrolment.h"

#define TOKENS_A_TURN 64
#define DAY_MS	      (24 * 60 * 60 * INT64_C(1000))

static const char *state_of(const struct store_token *token)
{
	if (token->is_revoked)
		return "revoked";
	if (token->uses_left == 0)
		return "used up";
	return token->expires_ms <= (int64_t)clock_day_ms() ? "expired" : "good";
}

static struct json_object *token_object(const struct store_token *token)
{
	struct json_object *object = json_object_new_object();

	(void)json_object_object_add(object, "id", json_object_new_int64(token->id));
	(void)json_object_object_add(object, "name", json_object_new_string(token->name));
	(void)json_object_object_add(object, "state", json_object_new_string(state_of(token)));
	(void)json_object_object_add(object, "used", json_object_new_int64(token->used));
	if (token->uses_left != STORE_UNLIMITED)
		(void)json_object_object_add(
			object, "uses_left", json_object_new_int64(token->uses_left));
	(void)json_object_object_add(object, "made", json_object_new_int64(token->made_ms));
	(void)json_object_object_add(object, "expires", json_object_new_int64(token->expires_ms));
	(void)json_object_object_add(
		object, "approves", json_object_new_boolean(token->is_approving));
	if (token->owner[0])
		(void)json_object_object_add(object, "owner", json_object_new_string(token->owner));
	if (token->audience[0])
		(void)json_object_object_add(
			object, "audience", json_object_new_string(token->audience));
	if (token->tenant[0])
		(void)json_object_object_add(
			object, "tenant", json_object_new_string(token->tenant));
	(void)json_object_object_add(object, "made_by", json_object_new_string(token->made_by));
	return object;
}

bool admin_tokens(struct service *service, struct admin_client *client)
{
	static struct store_token tokens[TOKENS_A_TURN]; /* too large for the stack */
	int count = store_tokens(service->reader, client->after, tokens, TOKENS_A_TURN);

	for (int i = 0; i < count; i++) {
		client->after = tokens[i].id;
		admin_line(client, token_object(&tokens[i]));
	}
	if (count == TOKENS_A_TURN)
		return true;
	admin_end(client, count < 0 ? count : 0, "%s", count < 0 ? strerror(-count) : "");
	return false;
}

static int write_token(struct service *service, struct admin_client *client,
	struct store_token *token, char ret_text[ENROLMENT_TOKEN_SIZE])
{
	char what[STORE_TEXT_SIZE + 64], after[128], until[CLOCK_TEXT_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = "token create",
		.what = what,
		.after = after,
		.time_ms = token->made_ms};
	int r;

	clock_format((uint64_t)token->expires_ms, until);
	if (token->audience[0])
		(void)snprintf(after, sizeof(after), "checks tickets for %.64s, until %s",
			token->audience, until);
	else
		(void)snprintf(after, sizeof(after), "uses %lld, until %s%s%s%s",
			(long long)token->uses_left, until, token->is_approving ? ", approves" : "",
			token->owner[0] ? ", " : "", token->owner);
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = enrolment_token_make(service->writer, token, ret_text);
	(void)snprintf(what, sizeof(what), "token %lld '%s'", (long long)token->id, token->name);
	return audit_commit(service->writer, r, &act);
}

void admin_token_create(struct service *service, struct admin_client *client)
{
	const struct admin_request *request = &client->request;
	struct store_token token = {.uses_left = request->uses,
		.made_ms = (int64_t)clock_day_ms(),
		.is_approving = request->flags & ADMIN_IS_APPROVING};
	char text[ENROLMENT_TOKEN_SIZE];
	struct json_object *object;
	int r;

	if (request->flags & ADMIN_IS_UNLIMITED)
		token.uses_left = STORE_UNLIMITED;
	if (!token.uses_left || !request->days) {
		admin_end(client, -EINVAL, "a token has uses and days");
		return;
	}
	if (request->flags & (ADMIN_IS_ENTERPRISE | ADMIN_IS_PERSONAL))
		(void)snprintf(token.owner, sizeof(token.owner), "%s",
			request->flags & ADMIN_IS_PERSONAL ? "personal" : "enterprise");
	(void)snprintf(token.audience, sizeof(token.audience), "%s", request->text);
	(void)snprintf(token.tenant, sizeof(token.tenant), "%s", request->user);
	token.expires_ms = token.made_ms + request->days * DAY_MS;
	(void)snprintf(token.name, sizeof(token.name), "%s", request->name);
	(void)snprintf(token.made_by, sizeof(token.made_by), "%s", client->who);
	r = write_token(service, client, &token, text);
	if (r < 0) {
		admin_end(client, r, "no token is made: %s", store_error(r));
		return;
	}
	object = token_object(&token);
	(void)json_object_object_add(object, "token", json_object_new_string(text));
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
	explicit_bzero(text, sizeof(text));
}

void admin_token_revoke(struct service *service, struct admin_client *client)
{
	int64_t id = (int64_t)client->request.number;
	struct store_token token = {0};
	char what[64];
	struct audit_act act = {.who = client->who,
		.act = "token revoke",
		.what = what,
		.after = "revoked",
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	(void)snprintf(what, sizeof(what), "token %lld", (long long)id);
	r = store_begin(service->writer);
	if (r == 0)
		r = store_token_get(service->writer, id, &token);
	act.before = state_of(&token);
	if (r == 0)
		r = store_token_revoke(service->writer, id);
	r = audit_commit(service->writer, r, &act);
	if (r == -ENOENT)
		admin_end(client, r, "there is no token %lld", (long long)id);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	else
		admin_end(client, 0,
			"token %lld enrols no more devices; those it has enrolled are as they were",
			(long long)id);
}
