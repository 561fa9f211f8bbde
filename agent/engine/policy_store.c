/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy in force and the last good one. A new one takes effect whole or not at all: it is
 * parsed, compiled with this device's bits and numbers, and only then handed on.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/policy_bundle.h"
#include "policy/host/policy_files.h"
#include "policy/host/policy_users.h"
#include "policy/problem.h"

#define LAST_GOOD "policy.last"

static int bit_of_label(const uint8_t uuid[POLICY_UUID_SIZE], const char *name, void *userdata)
{
	struct engine *engine = userdata;

	return database_label_bit(engine->database, uuid, name);
}

/*
 * Application numbers are those of the database, the same over policies: processes carry their
 * number on, and a new policy must not make another application of them.
 */
static int renumber(struct engine *engine, struct policy_compiled *policy)
{
	auto_free struct hf_app *masks = calloc(HF_APP_MAX, sizeof(*masks));
	auto_free struct policy_app_entry *entries = calloc(HF_APP_MAX, sizeof(*entries));
	uint32_t number_of[HF_APP_MAX] = {0};
	uint32_t last = 0;

	if (!masks || !entries)
		return -ENOMEM;
	database_apps_begin(engine->database);
	/* Twice: numbers that are known are asked for before any can be given to new names. */
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 1; i < policy->app_count; i++) {
			int number = database_app_number(engine->database, policy->app[i].name);

			if (number < 0)
				return number;
			number_of[i] = (uint32_t)number;
		}
	masks[0] = policy->bank.apps[0];
	entries[0] = policy->app[0];
	/* An identity that no policy names any more may open nothing that the unknown may not. */
	for (uint32_t i = 1; i < HF_APP_MAX; i++)
		masks[i] = masks[0];
	for (uint32_t i = 1; i < policy->app_count; i++) {
		masks[number_of[i]] = policy->bank.apps[i];
		entries[number_of[i]] = policy->app[i];
		if (number_of[i] > last)
			last = number_of[i];
	}
	memcpy(policy->bank.apps, masks, sizeof(policy->bank.apps));
	memcpy(policy->app, entries, sizeof(policy->app));
	for (size_t i = 0; i < policy->program_count; i++)
		policy->programs[i].app = number_of[policy->programs[i].app];
	for (size_t i = 0; i < policy->exempt_count; i++)
		policy->exempts[i].app = number_of[policy->exempts[i].app];
	policy->vault_app = number_of[policy->vault_app];
	policy->app_count = (size_t)last + 1;
	return 0;
}

static int compile(struct engine *engine, struct policy_files *files, const char *path,
	struct policy_problems *problems, struct policy_compiled **ret_policy)
{
	auto_call(policy_freep) struct policy *policy = NULL;
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	const struct policy_compiler compiler = {
		.bit_of_label = engine->database ? bit_of_label : NULL,
		.resolve_user = policy_users_resolve,
		.userdata = engine,
	};
	struct policy_source source;
	int r;

	policy_files_source(files, &source);
	r = policy_parse(&source, path, problems, &policy);
	if (r < 0)
		return r;
	if (engine->database)
		database_labels_begin(engine->database);
	r = policy_compile(policy, &compiler, problems, &compiled);
	if (r < 0)
		return r;
	if (engine->database) {
		r = renumber(engine, compiled);
		if (r < 0)
			return r;
		r = database_commit(engine->database, true);
		if (r < 0)
			return r;
	}
	*ret_policy = take_ptr(compiled);
	return 0;
}

/* name: of what has the errors */
static void reject(
	struct engine *engine, const char *name, const struct policy_problems *problems, int r)
{
	struct event_note note = {.kind = EVENT_POLICY_REJECTED,
		.is_failure = true,
		.name = name,
		.status_code = r == -ENOSPC ? "LABELS_FULL" : "INVALID"};
	char text[EVENT_TEXT_MAX];

	if (problems->count)
		(void)snprintf(text, sizeof(text), "%s:%u: %s%s", problems->items[0].file,
			problems->items[0].line, problems->items[0].message,
			problems->count > 1 ? " (and more)" : "");
	else
		(void)snprintf(text, sizeof(text), "%s: %s", name, strerror(-r));
	note.message = text;
	note.count = (int64_t)(problems->count + problems->left_out);
	for (size_t i = 0; i < problems->count && i < 10; i++)
		log_error("%s:%u: %s", problems->items[i].file, problems->items[i].line,
			problems->items[i].message);
	failure_note(
		engine, r == -ENOSPC ? FAILURE_LABELS_FULL : FAILURE_POLICY_BAD, "%.200s", text);
	(void)journal_note(engine, &note); /* counted there */
}

static void accept(struct engine *engine, struct policy_compiled *policy, bool is_last_good)
{
	policy_compiled_free(engine->policy);
	engine->policy = policy;
	engine->policy_count++;
	engine->is_policy_applied = false;
	engine->is_policy_last_good = is_last_good;
}

static void last_good_path(const struct engine *engine, char ret_path[PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s/%s", engine->state_directory, LAST_GOOD);
}

bool policy_store_load(struct engine *engine)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	struct engine_managed managed = {0};
	struct policy_compiled *policy;
	char path[PATH_MAX];
	int r;

	if (!files)
		return false;
	r = policy_bundle_read(engine, files, &managed);
	if (r < 0)
		return false; /* told there */
	r = compile(engine, files, r ? policy_files_root(files) : engine->policy_path, &problems,
		&policy);
	if (r == 0)
		r = policy_bundle_keep(engine, &managed);
	if (r < 0) {
		reject(engine, managed.version ? "console" : engine->policy_path, &problems, r);
		return false;
	}
	last_good_path(engine, path);
	r = policy_files_store(files, path);
	if (r < 0)
		log_warning("cannot keep a copy of the policy in '%s': %s, going on without", path,
			strerror(-r));
	accept(engine, policy, false);
	return true;
}

bool policy_store_load_last(struct engine *engine)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	struct policy_compiled *policy;
	char path[PATH_MAX];
	int r;

	if (!files)
		return false;
	last_good_path(engine, path);
	r = policy_files_load(files, path);
	if (r == 0)
		r = compile(engine, files, policy_files_root(files), &problems, &policy);
	if (r < 0) {
		failure_note(engine, FAILURE_POLICY_MISSING, "%s: %s", path, strerror(-r));
		return false;
	}
	accept(engine, policy, true);
	log_notice("taking the last good policy '%s'", policy->name);
	return true;
}
