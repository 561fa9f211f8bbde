/* SPDX-License-Identifier: Apache-2.0 */
/* Who has verified, and the kernel part's gates that follow from it. */
#include "agent/engine/verify.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/engine/gates.h"
#include "agent/engine/json.h"
#include "agent/engine/verify_private.h"
#include "common/clock.h"

#define MISSING_NS (30 * CLOCK_SECOND_NS) /* so long without one: told */

int verify_new(struct verify **ret_verify)
{
	struct verify *verify = calloc(1, sizeof(*verify));

	if (!verify)
		return -ENOMEM;
	verify->channel.fd = -EBADF;
	*ret_verify = verify;
	return 0;
}

static const struct policy_verification *wanted(const struct engine *engine)
{
	return engine->policy ? &engine->policy->verification : NULL;
}

/* Until when something is open to the user, 0 = nothing is. */
static uint64_t tell_kernel(struct engine *engine, uint32_t uid)
{
	const struct policy_verification *verification = wanted(engine);
	struct hf_verified verified = {0};
	uint64_t until_ns = 0;

	if (verification && verify_is_excepted(verification, uid)) {
		verify_except_gate(verification, &verified);
		until_ns = UINT64_MAX;
	} else if (verification) {
		until_ns = verify_user_gate(verify_users_find(&engine->verify->users, uid),
			verification, clock_boot_ns(), &verified);
	}
	gates_set_user(engine, uid, &verified);
	return until_ns;
}

void verify_before_policy(struct engine *engine)
{
	gates_set_verified(engine, engine->policy->verification.labels);
}

/* Whom an earlier policy let pass, too: they may not any more. */
static void tell_excepted(struct engine *engine)
{
	const struct policy_verification *verification = &engine->policy->verification;
	struct verify *verify = engine->verify;
	uint32_t *before = verify->excepted;
	size_t count = verify->excepted_count;

	verify->excepted = NULL;
	verify->excepted_count = 0;
	if (verification->except_count) {
		size_t size = verification->except_count * sizeof(*verify->excepted);

		verify->excepted = malloc(size);
		if (!verify->excepted)
			fatal("no memory, stopping");
		memcpy(verify->excepted, verification->except_uids, size);
		verify->excepted_count = verification->except_count;
	}
	for (size_t i = 0; i < count; i++)
		if (!verify_is_excepted(verification, before[i]))
			(void)tell_kernel(engine, before[i]);
	for (size_t i = 0; i < verify->excepted_count; i++)
		(void)tell_kernel(engine, verify->excepted[i]);
	free(before);
}

void verify_after_policy(struct engine *engine)
{
	struct verify_users *users = &engine->verify->users;

	tell_excepted(engine);
	for (size_t i = 0; i < users->count; i++)
		(void)tell_kernel(engine, users->list[i].uid);
	verify_send_config(engine);
}

static void note_proven(struct engine *engine, uint32_t uid, enum verify_method method)
{
	struct event_note note = {.kind = EVENT_VERIFIED, .uid = uid, .has_uid = true};
	char text[EVENT_TEXT_MAX];

	(void)snprintf(
		text, sizeof(text), "user %u has verified by %s", uid, verify_method_name(method));
	note.message = text;
	note.status_code = verify_method_name(method);
	(void)journal_note(engine, &note); /* counted there */
}

int verify_prove(
	struct engine *engine, uint32_t uid, enum verify_method method, uint64_t *ret_until_ns)
{
	const struct policy_verification *verification = wanted(engine);
	uint64_t until_ns;
	int r;

	if (!verification || !(verification->methods & 1U << method))
		return -ENOENT;
	if (verification->ends && !engine->verify->is_watching)
		return -ENOLINK;
	r = verify_users_prove(&engine->verify->users, uid, method, clock_boot_ns());
	if (r < 0) {
		failure_note(engine, FAILURE_VERIFIED_FULL, "user id %u", uid);
		return r;
	}
	until_ns = tell_kernel(engine, uid);
	note_proven(engine, uid, method);
	*ret_until_ns = until_ns;
	return 0;
}

static void end_one(struct engine *engine, uint32_t uid, enum verify_cause cause)
{
	struct event_note note = {.kind = EVENT_VERIFY_ENDED,
		.uid = uid,
		.has_uid = true,
		.status_code = verify_cause_name(cause)};
	char text[EVENT_TEXT_MAX];

	if (!verify_users_end(&engine->verify->users, uid))
		return;
	(void)tell_kernel(engine, uid);
	(void)snprintf(text, sizeof(text), "user %u must verify again: %s", uid, note.status_code);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

void verify_end(struct engine *engine, uint32_t uid, enum verify_cause cause)
{
	struct verify_users *users = &engine->verify->users;

	if (uid != VERIFY_EVERYBODY) {
		end_one(engine, uid, cause);
		return;
	}
	while (users->count)
		end_one(engine, users->list[users->count - 1].uid, cause);
}

/* One that was there and ended is told by verify_link.c. */
static void note_missing(struct engine *engine, uint64_t now)
{
	struct verify *verify = engine->verify;

	if (!verify->missing_ns)
		verify->missing_ns = now;
	if (verify->missing_ns == UINT64_MAX || now - verify->missing_ns < MISSING_NS)
		return;
	verify->missing_ns = UINT64_MAX;
	failure_note(engine, FAILURE_VERIFIER, "it can't be started");
}

/* The kernel part looks at the clock by itself; this is so that the list stays short. */
void verify_tick(struct engine *engine)
{
	const struct policy_verification *verification = wanted(engine);
	struct verify *verify = engine->verify;
	uint64_t now = clock_boot_ns();
	struct hf_verified ignored;

	verify_note_unwatched(engine);
	for (size_t i = verify->users.count; verification && i-- > 0;)
		if (!verify_user_gate(&verify->users.list[i], verification, now, &ignored)) {
			uint32_t uid = verify->users.list[i].uid;

			(void)verify_users_end(&verify->users, uid); /* is there */
			(void)tell_kernel(engine, uid);
		}
	if (!verification || !verification->labels || verify->channel.fd >= 0) {
		verify->missing_ns = 0;
		return;
	}
	note_missing(engine, now);
	if (verify->asked_ns && now - verify->asked_ns < 2 * CLOCK_SECOND_NS)
		return;
	verify->asked_ns = now;
	(void)send(engine->supervisor_fd, &(const char){VERIFY_LETTER}, 1,
		MSG_DONTWAIT | MSG_NOSIGNAL); /* next time */
}

static struct json_object *label_line(
	const struct engine *engine, unsigned int bit, const struct verify_user *user)
{
	const struct policy_verification *verification = &engine->policy->verification;
	const struct policy_label_entry *label = &engine->policy->label[bit];
	struct json_object *line = json_object_new_object();
	uint64_t now = clock_boot_ns();

	json_add_text(line, "label", label->title ? label->title : label->name);
	for (unsigned int i = 0; i < HF_VERIFY_SLOTS; i++) {
		const struct policy_verify_slot *slot = &verification->slots[i];
		uint64_t until_ns = user ? verify_user_until(user, slot) : 0;
		char words[VERIFY_METHODS_SIZE];

		if (!(slot->labels & UINT64_C(1) << bit))
			continue;
		verify_methods_format(slot->methods, words);
		json_add_text(line, "methods", words);
		json_add_number(line, "grace", slot->grace_s);
		if (until_ns > now)
			json_add_number(line, "until", clock_day_ms_of_boot(until_ns));
	}
	return line;
}

static struct json_object *users_array(const struct engine *engine)
{
	const struct verify_users *users = &engine->verify->users;
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < users->count; i++) {
		struct json_object *line = json_object_new_object();
		struct hf_verified ignored;

		json_add_number(line, "uid", users->list[i].uid);
		json_add_number(line, "until",
			clock_day_ms_of_boot(verify_user_gate(&users->list[i],
				&engine->policy->verification, clock_boot_ns(), &ignored)));
		(void)json_object_array_add(array, line); /* no memory: one less */
	}
	return array;
}

bool verify_is_anybody(const struct engine *engine)
{
	const struct verify_users *users = &engine->verify->users;

	for (size_t i = 0; i < users->count; i++)
		for (unsigned int method = 0; method < VERIFY_METHOD_MAX; method++)
			if (users->list[i].proven_ns[method])
				return true;
	return false;
}

bool verify_keeps_key(const struct engine *engine, unsigned int bit)
{
	const struct policy_verification *verification = &engine->policy->verification;

	return verification->drops_keys && (verification->labels & UINT64_C(1) << bit) &&
	       !verify_users_have(&engine->verify->users, verification, bit, clock_boot_ns());
}

struct json_object *verify_object(const struct engine *engine, uint32_t uid)
{
	const struct policy_verification *verification = wanted(engine);
	const struct verify_user *user = verify_users_find(&engine->verify->users, uid);
	struct json_object *object, *labels;

	if (!verification || !verification->labels)
		return NULL;
	object = json_object_new_object();
	labels = json_object_new_array();
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (verification->labels & UINT64_C(1) << bit)
			(void)json_object_array_add(labels, label_line(engine, bit, user));
	json_add(object, "labels", labels);
	json_add_bool(object, "excepted", verify_is_excepted(verification, uid));
	json_add_bool(object, "ready",
		engine->verify->channel.fd >= 0 &&
			(engine->verify->is_watching || !verification->ends));
	json_add_text(object, "why",
		engine->verify->channel.fd < 0 ? "holdfast-verify does not run"
					       : engine->verify->why);
	if (uid == 0)
		json_add(object, "users", users_array(engine));
	return object;
}
