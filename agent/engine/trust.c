/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of trust. There is no way in but the console's word (trust_lease.c) and the boot clock:
 * the kernel has the same end of the lease and shuts the labels by itself.
 */
#include "agent/engine/trust.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/gates.h"
#include "agent/engine/json.h"
#include "agent/engine/posture.h"
#include "agent/ipc/console_files.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"

#define MS_NS	    UINT64_C(1000000)
#define PATIENCE_NS (60 * CLOCK_SECOND_NS) /* so long a console is given to answer at a start */

static const char *const names[TRUST_STATE_MAX] = {
	[TRUST_UNMANAGED] = "unmanaged",
	[TRUST_NEVER] = "never",
	[TRUST_PENDING] = "pending",
	[TRUST_TRUSTED] = "trusted",
	[TRUST_EXPIRED] = "expired",
	[TRUST_SUSPENDED] = "suspended",
	[TRUST_REVOKED] = "revoked",
	[TRUST_UNFIT] = "unfit",
};

const char *trust_state_name(enum trust_state state)
{
	return state < TRUST_STATE_MAX ? names[state] : "never";
}

/* A policy of the machine's own file asks nobody where there is no console; the console's does. */
static bool is_managed(const struct engine *engine)
{
	return engine->policy && engine->policy->lease_s &&
	       (engine->managed.version || engine->trust.has_console);
}

/* As long as the console says, and no longer than the policy. */
uint64_t trust_until_ns(const struct engine *engine)
{
	const struct lease *word = &engine->trust.word;
	uint64_t seconds = word->seconds;

	if (word->state != LEASE_TRUSTED || !posture_is_met(engine))
		return 0;
	if (engine->policy && engine->policy->lease_s && engine->policy->lease_s < seconds)
		seconds = engine->policy->lease_s;
	return word->asked.asked_ms * MS_NS + seconds * CLOCK_SECOND_NS;
}

enum trust_state trust_state(const struct engine *engine)
{
	const struct lease *word = &engine->trust.word;

	if (!is_managed(engine))
		return TRUST_UNMANAGED;
	if (!word->serial)
		return TRUST_NEVER;
	switch ((enum lease_state)word->state) {
	case LEASE_PENDING:
		return TRUST_PENDING;
	case LEASE_SUSPENDED:
		return TRUST_SUSPENDED;
	case LEASE_REVOKED:
		return TRUST_REVOKED;
	case LEASE_UNFIT:
		return TRUST_UNFIT;
	case LEASE_TRUSTED:
		if (!posture_is_met(engine))
			return TRUST_UNFIT;
		return clock_boot_ns() < trust_until_ns(engine) ? TRUST_TRUSTED : TRUST_EXPIRED;
	}
	return TRUST_NEVER;
}

bool trust_is_good(const struct engine *engine)
{
	enum trust_state state = trust_state(engine);

	return state == TRUST_UNMANAGED || state == TRUST_TRUSTED;
}

/* The kernel is given the end, also one that is past: it is the same as none. */
static void set_gates(struct engine *engine)
{
	if (!is_managed(engine))
		gates_set_lease(engine, 0, 0);
	else
		gates_set_lease(engine, engine->policy->leased, trust_until_ns(engine));
}

struct json_object *trust_object(const struct engine *engine)
{
	struct json_object *trust = json_object_new_object();
	uint64_t until_ns = trust_until_ns(engine), now_ns = clock_boot_ns();

	json_add_text(trust, "state", trust_state_name(trust_state(engine)));
	json_add_number(trust, "lease", engine->policy ? engine->policy->lease_s : 0);
	json_add_number(trust, "serial", engine->trust.word.serial);
	if (until_ns) /* by the clock of now, for people; nothing is decided by it */
		json_add_number(trust, "until", clock_day_ms() + until_ns / MS_NS - now_ns / MS_NS);
	return trust;
}

/* What uplink is to ask for, and others may read: written when it changes. */
static void show(struct engine *engine)
{
	char text[sizeof(engine->trust.shown)];
	struct file_content content = {.bytes = text, .mode = 0644, .group = FILE_GROUP_NONE};
	auto_close int fd = -EBADF;

	(void)snprintf(text, sizeof(text),
		"{\"state\":\"%s\",\"lease\":%" PRIu32 ",\"until_ns\":%" PRIu64
		",\"serial\":%" PRIu64 "}",
		trust_state_name(trust_state(engine)),
		is_managed(engine) ? engine->policy->lease_s : 0, trust_until_ns(engine),
		engine->trust.word.serial);
	if (!strcmp(text, engine->trust.shown))
		return;
	content.size = strlen(text);
	fd = open(engine->runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && file_replace(fd, TRUST_NAME, &content) == 0)
		(void)strcpy(engine->trust.shown, text); /* as large */
}

/* Static, until the next call. */
static const char *unfit_words(const struct engine *engine)
{
	static char text[POSTURE_WORDS_MAX + 128];
	char words[POSTURE_WORDS_MAX];

	posture_words(engine, words);
	(void)snprintf(text, sizeof(text),
		"this device does not meet what the policy requires: labelled files are shut: %s",
		words);
	return text;
}

static const char *words_of(const struct engine *engine, enum trust_state state)
{
	switch (state) {
	case TRUST_NEVER:
		return "the console has not said since this machine was started that it is "
		       "trusted: labelled files are shut";
	case TRUST_PENDING:
		return "this device waits for approval in the console: labelled files are shut";
	case TRUST_TRUSTED:
		return "the console trusts this device";
	case TRUST_EXPIRED:
		return "no console has renewed this device's trust in time: labelled files are "
		       "shut";
	case TRUST_SUSPENDED:
		return "the console has suspended this device: labelled files are shut";
	case TRUST_REVOKED:
		return "the console has revoked this device: labelled files are shut";
	case TRUST_UNFIT:
		return posture_is_met(engine) ? "the console says that this device does not meet "
						"what is required: labelled files are shut"
					      : unfit_words(engine);
	case TRUST_UNMANAGED:
	case TRUST_STATE_MAX:
		break;
	}
	return "nothing hangs on whether this device is trusted";
}

static void tell(struct engine *engine, enum trust_state before, enum trust_state state)
{
	struct json_object *details = json_object_new_object();
	struct event_note note = {.kind = EVENT_TRUST,
		.message = words_of(engine, state),
		.is_failure = !trust_is_good(engine),
		.status_code = trust_state_name(state),
		.details = details};
	struct json_object *trust = trust_object(engine);

	json_add_text(trust, "before", trust_state_name(before));
	json_add(details, "trust", trust);
	if (state == TRUST_UNFIT)
		json_add(trust, "posture", posture_object(engine));
	log_notice("%s", note.message);
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
	if (state == TRUST_EXPIRED || state == TRUST_SUSPENDED || state == TRUST_REVOKED)
		failure_note(engine, FAILURE_TRUST, "%s", trust_state_name(state));
	if (state == TRUST_UNFIT)
		failure_note(engine, FAILURE_POSTURE, "%s", note.message);
}

/*
 * Each start of the machine begins without a word, and with nothing known of the machine itself; that
 * is told when nothing comes.
 */
static bool is_to_be_told(struct engine *engine, enum trust_state state)
{
	struct trust *trust = &engine->trust;
	uint64_t now_ns = clock_boot_ns();

	if (state == trust->told &&
		(state != TRUST_UNFIT || trust->told_unmet == engine->posture.unmet)) {
		trust->waiting_ns = 0;
		return false;
	}
	if (state != TRUST_NEVER &&
		(state != TRUST_UNFIT || engine->posture.facts || posture_is_met(engine)))
		return true;
	if (!trust->waiting_ns)
		trust->waiting_ns = now_ns;
	return now_ns - trust->waiting_ns > PATIENCE_NS;
}

static void refresh(struct engine *engine)
{
	struct trust *trust = &engine->trust;
	enum trust_state before = trust->told, state;

	trust->has_console = access(engine->console_path, F_OK) == 0;
	(void)trust_lease_read(engine); /* what there is of it counts */
	set_gates(engine);
	state = trust_state(engine);
	show(engine);
	if (!is_to_be_told(engine, state))
		return;
	trust->told = state;
	trust->told_unmet = engine->posture.unmet;
	trust->waiting_ns = 0;
	tell(engine, before, state);
}

void trust_refresh(struct engine *engine)
{
	posture_look(engine, true);
	refresh(engine);
}

void trust_tick(struct engine *engine)
{
	posture_look(engine, false);
	if (engine->policy)
		refresh(engine);
}
