/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine is, for the console: what holdfast-survey found out, what the engine says of
 * itself, where keyring has the key, which boot this is. Short texts by name, whatever they are: the
 * console knows which it wants.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/uplink.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"

#define FACTS_DEPTH 2
#define START_NS    (180 * CLOCK_SECOND_NS) /* so long the engine may take to say anything */

/* NULL: not there, or no object. Caller puts. */
static struct json_object *facts_read(int directory_fd, const char *name)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct json_tokener *parser;
	struct json_object *facts = NULL;
	char text[SURVEY_MAX];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (got <= 0)
		return NULL;
	parser = json_tokener_new_ex(FACTS_DEPTH);
	if (parser)
		facts = json_tokener_parse_ex(parser, text, (int)got);
	json_tokener_free(parser);
	if (json_object_is_type(facts, json_type_object))
		return facts;
	(void)json_object_put(facts); /* freed */
	return NULL;
}

static void add_all(struct json_object *into, struct json_object *facts)
{
	if (!facts)
		return;
	json_object_object_foreach(facts, name, value)(void) json_object_object_add(
		into, name, json_object_get(value)); /* without memory: is left out */
}

static void add_text(struct json_object *into, const char *name, const char *text)
{
	if (text[0])
		(void)json_object_object_add(
			into, name, json_object_new_string(text)); /* likewise */
}

static void add_boot(struct json_object *into)
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		return;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	add_text(into, "boot", text);
}

/* What the engine says; false: too early to tell. */
static bool add_enforcement(struct json_object *into, int directory_fd)
{
	static uint64_t began_ns; /* with the first look */
	struct json_object *engine = facts_read(directory_fd, "../" ENFORCEMENT_NAME);
	const char *word = json_text(engine, "enforcing");
	uint64_t now = clock_boot_ns();
	bool is_settled;

	if (!began_ns)
		began_ns = now;
	is_settled = word[0] ? strcmp(word, ENFORCEMENT_STARTING) != 0 : now - began_ns > START_NS;
	add_all(into, engine);
	(void)json_object_put(engine); /* freed */
	return is_settled;
}

bool describe(struct uplink *uplink)
{
	struct json_object *all = facts_read(uplink->runtime_fd, SURVEY_NAME);
	const char *text;
	bool is_other;

	if (!all) /* a description without hardware would be taken for another machine's */
		return false;
	if (!add_enforcement(all, uplink->runtime_fd)) {
		(void)json_object_put(all); /* freed */
		return false;
	}
	add_text(all, "key", uplink->key.place == KEYRING_TPM ? "tpm" : "file");
	add_text(all, "ek", uplink->key.tpm);
	add_text(all, "quote", uplink->quote);
	add_boot(all);
	text = json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN);
	is_other = text && strlen(text) < sizeof(uplink->description) &&
		   strcmp(text, uplink->description) != 0;
	if (is_other)
		(void)snprintf(
			uplink->description, sizeof(uplink->description), "%s", text); /* fits */
	(void)json_object_put(all);						       /* freed */
	return is_other;
}
