/* SPDX-License-Identifier: Apache-2.0 */
/* The claims; signature and keys are jose.c's. */
#include "agent/page/id_token.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/page/jose.h"
#include "common/cleanup.h"
#include "common/json.h"

CLEANUP_DEFINE(struct json_object, json_object_put)

static const char *const words[ID_TOKEN_VERDICT_MAX] = {
	[ID_TOKEN_GOOD] = "",
	[ID_TOKEN_MALFORMED] = "the page's answer can't be read",
	[ID_TOKEN_ALGORITHM] = "the page's answer is signed in a way that is not taken",
	[ID_TOKEN_KEY] = "the page's answer is signed with a key that is not the page's",
	[ID_TOKEN_SIGNATURE] = "the page's answer is not signed by the page",
	[ID_TOKEN_ISSUER] = "the answer is of another page",
	[ID_TOKEN_AUDIENCE] = "the page's answer is for somebody else",
	[ID_TOKEN_EXPIRED] = "the page's answer is too old",
	[ID_TOKEN_EARLY] = "the page's answer is not of now: look at the clock",
	[ID_TOKEN_USER] = "you signed in at the page as another user than here",
};

const char *id_token_words(enum id_token_verdict verdict)
{
	return verdict < ID_TOKEN_VERDICT_MAX ? words[verdict] : words[ID_TOKEN_MALFORMED];
}

static bool is_text(struct json_object *claims, const char *name)
{
	return json_object_is_type(json_object_object_get(claims, name), json_type_string);
}

/* A string, or a list that has it; with a list, azp must be us as well (3.1.3.7, 4 and 5). */
static bool is_for(struct json_object *claims, const char *client)
{
	struct json_object *audience = json_object_object_get(claims, "aud");
	struct json_object *party = json_object_object_get(claims, "azp");
	bool is_named = false;

	if (party && (!is_text(claims, "azp") || strcmp(json_object_get_string(party), client)))
		return false;
	if (json_object_is_type(audience, json_type_string))
		return !strcmp(json_object_get_string(audience), client);
	if (!json_object_is_type(audience, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(audience); i++) {
		struct json_object *one = json_object_array_get_idx(audience, i);

		if (!json_object_is_type(one, json_type_string))
			return false;
		is_named |= !strcmp(json_object_get_string(one), client);
	}
	return is_named && (json_object_array_length(audience) == 1 || party);
}

static bool time_of(struct json_object *claims, const char *name, uint64_t *ret_s)
{
	struct json_object *claim = json_object_object_get(claims, name);
	int64_t number = json_object_get_int64(claim);

	if (!json_object_is_type(claim, json_type_int) || number <= 0)
		return false;
	*ret_s = (uint64_t)number;
	return true;
}

static enum id_token_verdict times_check(
	struct json_object *claims, const struct id_token_wish *wish)
{
	uint64_t expires_s, issued_s, signed_in_s;

	if (!time_of(claims, "exp", &expires_s) || !time_of(claims, "iat", &issued_s))
		return ID_TOKEN_MALFORMED;
	if (expires_s + ID_TOKEN_CLOCK_S <= wish->now_s)
		return ID_TOKEN_EXPIRED;
	if (issued_s > wish->now_s + ID_TOKEN_CLOCK_S ||
		issued_s + ID_TOKEN_CLOCK_S < wish->asked_s)
		return ID_TOKEN_EARLY;
	/* Asked for by max_age: without it an old session of the browser would do. */
	if (!time_of(claims, "auth_time", &signed_in_s))
		return ID_TOKEN_MALFORMED;
	return signed_in_s + ID_TOKEN_CLOCK_S < wish->asked_s ? ID_TOKEN_EARLY : ID_TOKEN_GOOD;
}

static bool is_user(struct json_object *claims, const struct id_token_wish *wish)
{
	const char *name;
	size_t size = strlen(wish->user);

	if (!is_text(claims, wish->claim))
		return false;
	name = json_object_get_string(json_object_object_get(claims, wish->claim));
	if (!strcmp(name, wish->user))
		return true;
	return wish->domain[0] && !strncmp(name, wish->user, size) && name[size] == '@' &&
	       !strcmp(name + size + 1, wish->domain);
}

static enum id_token_verdict claims_check(
	struct json_object *claims, const struct id_token_wish *wish)
{
	enum id_token_verdict verdict;

	if (!is_text(claims, "iss") || !is_text(claims, "sub"))
		return ID_TOKEN_MALFORMED;
	if (strcmp(json_object_get_string(json_object_object_get(claims, "iss")), wish->issuer) !=
		0)
		return ID_TOKEN_ISSUER;
	if (!is_for(claims, wish->client))
		return ID_TOKEN_AUDIENCE;
	verdict = times_check(claims, wish);
	if (verdict != ID_TOKEN_GOOD)
		return verdict;
	return is_user(claims, wish) ? ID_TOKEN_GOOD : ID_TOKEN_USER;
}

enum id_token_verdict id_token_check(const char *token, const struct id_token_wish *wish)
{
	auto_call(json_object_putp) struct json_object *claims = NULL;
	enum id_token_verdict verdict;

	if (strlen(token) > ID_TOKEN_MAX)
		return ID_TOKEN_MALFORMED;
	verdict = jose_open(token, wish->keys, &claims);
	return verdict == ID_TOKEN_GOOD ? claims_check(claims, wish) : verdict;
}
