/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have a ticket for what. */
#include "agent/engine/ticket.h"

#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "agent/engine/json.h"
#include "agent/engine/login.h"
#include "agent/engine/trust.h"
#include "common/clock.h"
#include "common/hex.h"
#include "policy/login.h"

#define REFUSALS_A_MINUTE 30 /* events */

static void refuse(struct engine *engine, struct client *client, int error, const char *code,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* In words to who asks, and as an event. */
static void refuse(struct engine *engine, struct client *client, int error, const char *code,
	const char *format, ...)
{
	static struct log_limit limit = {.burst = REFUSALS_A_MINUTE};
	const struct passwd *user = getpwuid(client->uid);
	const struct event_login login = {
		user ? user->pw_name : "unknown", client->uid, client->request.audience, ""};
	struct event_note note = {.kind = EVENT_TICKET_REFUSED,
		.is_failure = true,
		.status_code = code,
		.uid = client->uid,
		.has_uid = true,
		.pid = client->sender,
		.login = &login};
	char words[512], text[EVENT_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	client->challenge[0] = '\0';
	client_end(client, error, "%s", words);
	if (!log_allowed(&limit))
		return;
	(void)snprintf(text, sizeof(text), "ticket for %.255s refused: %s", login.service, words);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

/* Whose account it is. False after answering. */
static bool find_account(struct engine *engine, struct client *client,
	const struct policy_audience_entry *audience, const struct passwd *user,
	struct login_found *ret_found)
{
	uint32_t groups[LOGIN_GROUPS_MAX];
	gid_t gids[LOGIN_GROUPS_MAX];
	int count = LOGIN_GROUPS_MAX;
	struct login_who who = {.account = user->pw_name,
		.uid = user->pw_uid,
		.groups = groups,
		.service = "ticket"};
	const char *tenant = engine->policy->login.tenants[audience->tenant].name;

	if (getgrouplist(user->pw_name, user->pw_gid, gids, &count) < 0) {
		client_end(client, -E2BIG, "%s is in too many groups", user->pw_name);
		return false;
	}
	for (int i = 0; i < count; i++)
		groups[i] = gids[i];
	who.group_count = (size_t)count;
	if (login_find(engine, &who, ret_found) < 0) {
		client_end(
			client, -EAGAIN, "whose accounts are whose can't be said now, try again");
		return false;
	}
	if (ret_found->kind == LOGIN_ORGANISATION && !strcmp(ret_found->tenant, tenant) &&
		(!ret_found->owner[0] || !strcmp(ret_found->owner, tenant)))
		return true;
	refuse(engine, client, -EACCES, "other-tenant",
		"tickets for %s are for accounts of %s, on its devices; %s is none of them",
		audience->name, tenant, user->pw_name);
	return false;
}

static void make(struct engine *engine, struct client *client,
	const struct policy_audience_entry *audience, const char *app)
{
	const struct passwd *user = getpwuid(client->uid);
	char input[TICKET_INPUT_MAX + 1];
	struct login_found found;
	struct ticket_claims claims = {.audience = audience,
		.nonce = client->request.nonce,
		.app = app,
		.now_s = clock_day_ms() / 1000};
	struct ticket_wish wish = {.input = input,
		.audience = audience->uri,
		.expires_s = claims.now_s + audience->lifetime_s};
	int r;

	if (!user) {
		client_end(client, -ENOENT, "user id %u has no account", client->uid);
		return;
	}
	if (!find_account(engine, client, audience, user, &found))
		return;
	claims.account = wish.account = user->pw_name;
	claims.tenant = found.tenant;
	r = ticket_input(engine, &claims, input);
	if (r > 0)
		r = ticket_sign(engine, client, &wish);
	if (r < 0)
		client_end(client, r, "no ticket: %s",
			r == -ENOKEY  ? "this device has no key of a console's (holdfast enrol)"
			: r == -EBUSY ? "too many are being made, try again"
				      : strerror(-r));
}

static const struct policy_audience_entry *audience_of(struct engine *engine, struct client *client)
{
	const struct policy_audience_entry *audience =
		engine->policy ? policy_audience_find(engine->policy, client->request.audience)
			       : NULL;

	if (!audience)
		refuse(engine, client, -ENOENT, "no-audience", "the policy knows no audience '%s'",
			client->request.audience);
	return audience;
}

void verb_ticket(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {
		.kind = REQUEST_TAINT, .uid = client->uid, .pid = client->sender};
	const struct policy_audience_entry *audience = audience_of(engine, client);

	(void)fd; /* none is asked for */
	if (!audience)
		return;
	if (strlen(client->request.nonce) > TICKET_NONCE_MAX) {
		client_end(client, -EMSGSIZE, "a nonce has at most %d bytes", TICKET_NONCE_MAX);
		return;
	}
	if (trust_state(engine) != TRUST_TRUSTED) {
		refuse(engine, client, -EACCES, "not-trusted",
			"tickets are for trusted devices: %s",
			login_trust_words(engine)[0] ? login_trust_words(engine)
						     : "no console says so of this one");
		return;
	}
	if (!audience->app_count) {
		make(engine, client, audience, NULL);
		return;
	}
	client_ask(engine, client, &request, -1);
}

static bool is_listed(const struct policy_audience_entry *audience, const char *app)
{
	for (size_t i = 0; app && i < audience->app_count; i++)
		if (!strcmp(audience->apps[i], app))
			return true;
	return false;
}

static void challenge(struct client *client)
{
	struct json_object *line = json_object_new_object();
	uint8_t random[(sizeof(client->challenge) - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		client_end(client, -EIO, "no random number");
		json_object_put(line);
		return;
	}
	hex_write(random, sizeof(random), client->challenge);
	client->challenged = client->sender;
	json_add_text(line, "challenge", client->challenge);
	client_line(client, line);
	client_end(client, 0, "%s", "");
}

/* Constant time is not needed: who guesses has one try. */
static bool is_met(struct client *client)
{
	bool is_met = client->challenge[0] && client->challenged == client->sender &&
		      !strcmp(client->challenge, client->request.challenge);

	client->challenge[0] = '\0';
	return is_met;
}

void verb_ticket_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	const struct policy_audience_entry *audience = audience_of(engine, client);
	const char *app;

	if (!audience)
		return;
	app = answer->error == 0 && answer->app && answer->app < HF_APP_MAX
		      ? engine->policy->app[answer->app].name
		      : NULL;
	if (!is_listed(audience, app)) {
		refuse(engine, client, -EACCES, "other-app",
			"tickets for %s are not for this program%s%s", audience->name,
			app ? ", which is application " : ", which is no verified application",
			app ? app : "");
		return;
	}
	if (!client->request.challenge[0]) {
		challenge(client);
		return;
	}
	if (!is_met(client)) {
		refuse(engine, client, -EACCES, "challenge",
			"the process that was verified did not ask again");
		return;
	}
	make(engine, client, audience, app);
}
