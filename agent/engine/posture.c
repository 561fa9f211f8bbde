/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/posture.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/engine/engine.h"
#include "agent/engine/json.h"
#include "agent/engine/server.h"
#include "agent/engine/uplink_files.h"
#include "agent/ipc/console_files.h"
#include "common/clock.h"
#include "common/json.h"
#include "policy/compile.h"

#define LOOK_NS (2 * CLOCK_SECOND_NS)

/* Seconds since the start, time asleep not counted: who sleeps looks again when it wakes. */
static uint64_t awake_s(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (uint64_t)now.tv_sec : 0;
}

static void read_facts(struct engine *engine)
{
	struct engine_posture *posture = &engine->posture;
	struct json_object *status;
	uint64_t looked, now = awake_s();

	(void)json_object_put(posture->facts); /* freed */
	posture->facts = uplink_object_read(engine, POSTURE_NAME);
	looked = posture->facts ? json_number(posture->facts, "looked") : 0;
	if (looked > now || now - looked > POSTURE_AGE_MAX_S) {
		(void)json_object_put(posture->facts); /* freed */
		posture->facts = NULL;
	}
	status = uplink_object_read(engine, CONSOLE_STATUS_NAME);
	(void)snprintf(posture->key, sizeof(posture->key), "%s",
		status ? json_text(status, "key") : ""); /* cut: is another word then */
	(void)json_object_put(status);			 /* freed */
}

bool posture_is_enforcing(const struct engine *engine)
{
	return engine->is_policy_applied ? report_is_enforcing(engine) : engine->hello.is_enforcing;
}

static const char *fact(const char *name, void *userdata)
{
	const struct engine *engine = userdata;

	if (!strcmp(name, "enforcing"))
		return posture_is_enforcing(engine) ? "yes" : "no";
	if (!strcmp(name, "key"))
		return engine->posture.key;
	/* What the TPM has signed only the console can tell: here it is as good as it can be. */
	if (!strcmp(name, "measured") && engine->posture.facts &&
		!strcmp(json_text(engine->posture.facts, name), "yes"))
		return "proven";
	return engine->posture.facts ? json_text(engine->posture.facts, name) : NULL;
}

static void *lend(const struct engine *engine)
{
	void *userdata;

	memcpy(&userdata, &engine, sizeof(userdata)); /* is only read */
	return userdata;
}

void posture_look(struct engine *engine, bool is_now)
{
	struct engine_posture *posture = &engine->posture;
	uint64_t now = clock_boot_ns();

	if (!is_now && posture->looked_ns && now - posture->looked_ns < LOOK_NS)
		return;
	posture->looked_ns = now;
	read_facts(engine);
	posture->unmet = engine->policy
				 ? posture_unmet(&engine->policy->require, fact, lend(engine))
				 : 0;
}

bool posture_is_met(const struct engine *engine)
{
	return !engine->posture.unmet;
}

void posture_words(const struct engine *engine, char ret_words[POSTURE_WORDS_MAX])
{
	size_t used = 0;

	ret_words[0] = '\0';
	for (unsigned int i = 0; engine->policy && i < POSTURE_MAX; i++) {
		char text[POSTURE_WORD_MAX];

		if (!(engine->posture.unmet & UINT32_C(1) << i) || used >= POSTURE_WORDS_MAX)
			continue;
		posture_say(&engine->policy->require, i, fact, lend(engine), text);
		used += (size_t)snprintf(ret_words + used, POSTURE_WORDS_MAX - used, "%s%s",
			used ? "; " : "", text); /* cut */
	}
}

static struct json_object *unmet_array(const struct engine *engine)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; engine->policy && i < POSTURE_MAX; i++) {
		struct json_object *object;
		char text[POSTURE_WORD_MAX];

		if (!(engine->posture.unmet & UINT32_C(1) << i))
			continue;
		posture_say(&engine->policy->require, i, fact, lend(engine), text);
		object = json_object_new_object();
		json_add_text(object, "condition", posture_word(i));
		json_add_text(object, "text", text);
		json_add_text(object, "do", posture_advice(i));
		(void)json_object_array_add(array, object);
	}
	return array;
}

struct json_object *posture_object(const struct engine *engine)
{
	struct json_object *object = json_object_new_object();
	char require[POSTURE_TEXT_MAX] = "";

	if (engine->policy)
		posture_format(&engine->policy->require, require);
	json_add_text(object, "require", require);
	if (engine->posture.facts)
		json_add(object, "facts", json_object_get(engine->posture.facts));
	json_add(object, "unmet", unmet_array(engine));
	return object;
}
