/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/login.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/json.h"
#include "agent/engine/trust.h"
#include "common/clock.h"
#include "common/file.h"
#include "policy/login.h"

#define GROUPS_NS	(30 * CLOCK_SECOND_NS) /* so often is asked for groups that were not there */
#define EVENTS_A_MINUTE 30		       /* of refusals, and as many of the rest */

struct login_book {
	char *text; /* NULL: none could be made */
	size_t size;
	uint64_t policy_count; /* that it was made of */
	uint64_t made_ns;
	bool has_unknown_group;
};

static int gid_of(const char *name, uint32_t *ret_gid, void *userdata)
{
	struct login_book *book = userdata;
	const struct group *group = getgrnam(name);

	if (!group) {
		book->has_unknown_group = true; /* a directory may not be reachable yet */
		return -ENOENT;
	}
	*ret_gid = group->gr_gid;
	return 0;
}

/* Beside the engine's own directory: whoever asks PAM must be able to read it. */
static int copy_write(const struct engine *engine, const struct login_book *book)
{
	const struct file_content content = {
		.bytes = book->text, .size = book->size, .mode = 0644, .group = FILE_GROUP_NONE};
	auto_close int directory = -EBADF;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s-login", engine->state_directory);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return -errno;
	return file_replace(directory, LOGIN_BOOK_NAME, &content);
}

static void book_make(struct engine *engine, struct login_book *book)
{
	auto_free char *before = take_ptr(book->text);
	size_t size = book->size;
	int r;

	book->policy_count = engine->policy_count;
	book->made_ns = clock_boot_ns();
	book->has_unknown_group = false;
	r = policy_login_book(engine->policy, gid_of, book, &book->text, &book->size);
	if (r < 0) {
		failure_note(
			engine, FAILURE_LOGIN_BOOK, "accounts of the policy: %s", strerror(-r));
		return;
	}
	if (before && size == book->size && !memcmp(before, book->text, size))
		return;
	r = copy_write(engine, book);
	if (r < 0)
		failure_note(engine, FAILURE_LOGIN_BOOK, "%s-login/" LOGIN_BOOK_NAME ": %s",
			engine->state_directory, strerror(-r));
}

/* The book as it is now; NULL when there is none. */
static const struct login_book *book_current(struct engine *engine)
{
	struct login_book *book = engine->login;

	if (!engine->policy)
		return NULL;
	if (!book)
		book = engine->login = calloc(1, sizeof(*book));
	if (!book)
		return NULL;
	if (book->policy_count != engine->policy_count ||
		(book->has_unknown_group && clock_boot_ns() - book->made_ns > GROUPS_NS))
		book_make(engine, book);
	return book->text ? book : NULL;
}

void login_tick(struct engine *engine)
{
	(void)book_current(engine); /* what went wrong is noted */
}

int login_find(struct engine *engine, const struct login_who *who, struct login_found *ret_found)
{
	const struct login_book *book = book_current(engine);

	if (!book)
		return engine->policy ? -ENOMEM : -EAGAIN;
	return login_book_find(book->text, book->size, who, ret_found);
}

const char *login_trust_words(const struct engine *engine)
{
	switch (trust_state(engine)) {
	case TRUST_NEVER:
		return "this one has not heard from the console since it was started";
	case TRUST_PENDING:
		return "this one waits to be approved";
	case TRUST_EXPIRED:
		return "this one's trust has expired, as it has not reached the console for too "
		       "long";
	case TRUST_SUSPENDED:
		return "this one is suspended";
	case TRUST_REVOKED:
		return "this one's trust was revoked";
	case TRUST_UNFIT:
		return "this one does not meet what the organisation requires of it";
	case TRUST_UNMANAGED:
	case TRUST_TRUSTED:
	case TRUST_STATE_MAX:
		break;
	}
	return "";
}

static const char *verdict_word(enum login_verdict verdict)
{
	switch (verdict) {
	case LOGIN_LET_IN:
		return "let-in";
	case LOGIN_REFUSED_TRUST:
		return "not-trusted";
	case LOGIN_REFUSED_TENANT:
		return "other-tenant";
	case LOGIN_REFUSED_OTHER:
		return "no-tenant";
	}
	return "let-in";
}

static struct json_object *details_of(const struct engine *engine,
	const struct local_request *request, const struct login_found *found,
	enum login_verdict verdict)
{
	struct json_object *details = json_object_new_object();

	json_add_text(details, "login", verdict_word(verdict));
	if (found->kind == LOGIN_ORGANISATION)
		json_add_text(details, "tenant", found->tenant);
	if (found->owner[0])
		json_add_text(details, "device_of", found->owner);
	if (request->terminal[0])
		json_add_text(details, "terminal", request->terminal);
	json_add_text(details, "trust", trust_state_name(trust_state(engine)));
	return details;
}

static void note_login(struct engine *engine, const struct local_request *request,
	const struct login_found *found, enum login_verdict verdict)
{
	static struct log_limit refusals = {.burst = EVENTS_A_MINUTE},
				others = {.burst = EVENTS_A_MINUTE};
	static int64_t left_out;
	const struct event_login login = {
		request->account, request->uid, request->service, request->host};
	struct event_note note = {.kind = EVENT_LOGIN, .login = &login};
	char text[EVENT_TEXT_MAX], why[1024];

	if (verdict != LOGIN_LET_IN) {
		note.kind = EVENT_LOGIN_REFUSED;
		note.is_failure = true;
		note.status_code = verdict_word(verdict);
	} else if (found->kind == LOGIN_BREAK_GLASS) {
		note.kind = request->stage == LOCAL_STAGE_CLOSE ? EVENT_LOGOFF : EVENT_BREAK_GLASS;
	} else if (request->stage == LOCAL_STAGE_CLOSE) {
		note.kind = EVENT_LOGOFF;
	}
	if (note.kind != EVENT_BREAK_GLASS && !log_allowed(note.is_failure ? &refusals : &others)) {
		left_out++;
		return;
	}
	login_say(found, verdict, request->account, login_trust_words(engine), why, sizeof(why));
	(void)snprintf(text, sizeof(text), "%s of %s by %s%s%s%s%s",
		note.kind == EVENT_LOGOFF ? "logoff" : "login", request->account, request->service,
		request->host[0] ? " from " : "", request->host,
		note.is_failure ? " refused: " : "", note.is_failure ? why : "");
	note.message = text;
	note.count = left_out;
	left_out = 0;
	note.details = details_of(engine, request, found, verdict);
	(void)journal_note(engine, &note);   /* counted there */
	(void)json_object_put(note.details); /* the event had its own reference */
}

/*
 * A refusal is an event wherever it happens; who is let in is one when the session begins, and in the
 * account's stack for an account for emergencies, as there are programs that open none. Root's and the
 * system's own sessions are none: services change to their users all day.
 */
static bool is_event(
	const struct client *client, const struct login_found *found, enum login_verdict verdict)
{
	enum local_stage stage = (enum local_stage)client->request.stage;

	if (client->uid != 0)
		return false; /* a program that unlocks a screen, say: it could claim anything */
	if (verdict != LOGIN_LET_IN)
		return stage != LOCAL_STAGE_CLOSE;
	if (found->kind == LOGIN_BREAK_GLASS)
		return stage == LOCAL_STAGE_ACCOUNT || stage == LOCAL_STAGE_CLOSE;
	return (found->kind == LOGIN_ORGANISATION || found->kind == LOGIN_OTHER) &&
	       stage >= LOCAL_STAGE_OPEN;
}

void verb_login(struct engine *engine, struct client *client, int fd)
{
	const struct local_request *request = &client->request;
	const struct login_who who = {request->account, request->uid, request->groups,
		request->group_count, request->service};
	struct login_found found;
	enum login_verdict verdict;
	char words[1024];
	int r;

	(void)fd; /* none is asked for */
	if (client->uid != 0 && client->uid != request->uid) {
		client_end(client, -EPERM, "only root may ask for others");
		return;
	}
	r = login_find(engine, &who, &found);
	if (r < 0) {
		client_end(client, -EAGAIN, "no policy says whose accounts are whose: %s",
			strerror(-r));
		return;
	}
	verdict = request->stage == LOCAL_STAGE_CLOSE ? LOGIN_LET_IN
						      : login_judge(&found, trust_is_good(engine));
	if (is_event(client, &found, verdict))
		note_login(engine, request, &found, verdict);
	login_say(
		&found, verdict, request->account, login_trust_words(engine), words, sizeof(words));
	client_end(client, verdict == LOGIN_LET_IN ? 0 : -EACCES, "%s",
		request->stage == LOCAL_STAGE_CLOSE ? "" : words);
}
