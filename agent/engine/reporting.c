/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of trouble is told when it begins, and again when it has become more. */
#include "agent/engine/reporting.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/ipc/console_files.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "agent/engine/posture.h"
#include "agent/engine/uplink_files.h"
#include "common/file.h"
#include "common/json.h"

#define LOOK_NS	  (5 * CLOCK_SECOND_NS)
#define SILENT_MS UINT64_C(3600000) /* so long without an answer: told */
/* So long a slow machine may take to load the kernel part, and then until something is labelled. */
#define LOAD_NS	  (900 * CLOCK_SECOND_NS)
#define SETTLE_NS (180 * CLOCK_SECOND_NS)

static void look_refused(struct engine *engine, struct json_object *status)
{
	static bool was_refused;
	bool is_refused = !strcmp(json_text(status, "standing"), "refused");

	if (is_refused && !was_refused)
		failure_note(engine, FAILURE_CONSOLE_REFUSED, "%.32s: %.150s",
			json_text(status, "code"), json_text(status, "trouble"));
	was_refused = is_refused;
}

static void look_spool(struct engine *engine, struct json_object *status)
{
	static bool was_failing;
	const char *trouble = json_text(status, "spool_trouble");

	if (trouble[0] && !was_failing)
		failure_note(engine, FAILURE_SPOOL, "%.150s", trouble);
	was_failing = trouble[0];
}

static void look_key(struct engine *engine, struct json_object *status)
{
	static bool was_failing;
	const char *trouble = json_text(status, "key_trouble");

	if (trouble[0] && !was_failing)
		failure_note(engine, FAILURE_DEVICE_KEY, "%.150s", trouble);
	was_failing = trouble[0];
}

static void look_dropped(struct engine *engine, struct json_object *status)
{
	static uint64_t told;
	uint64_t dropped = json_number(status, "gone");

	if (dropped > told)
		failure_note(engine, FAILURE_EVENTS_UNDELIVERED,
			"%" PRIu64 " events have no content any more", dropped);
	told = dropped;
}

static void look_silent(struct engine *engine, struct json_object *status)
{
	static bool was_silent;
	static uint64_t since_ms; /* the first look, where there was never an answer */
	uint64_t now = clock_day_ms(), contact = json_number(status, "contact");
	bool is_silent;

	if (!since_ms)
		since_ms = now;
	if (!contact)
		contact = since_ms;
	is_silent = now > contact && now - contact > SILENT_MS;
	if (is_silent && !was_silent)
		failure_note(engine, FAILURE_CONSOLE_SILENT, "%.64s: %.150s",
			json_text(status, "console"), json_text(status, "trouble"));
	was_silent = is_silent;
}

/* A start takes its time, and is no news; one that does not end is. */
static const char *enforcement(const struct engine *engine)
{
	static uint64_t began_ns, loaded_ns; /* with the first look */
	static bool was_enforcing;
	uint64_t now = clock_boot_ns();
	bool is_starting;

	if (!began_ns)
		began_ns = now;
	if (!loaded_ns && engine->has_hello)
		loaded_ns = now;
	if (posture_is_enforcing(engine)) {
		was_enforcing = true;
		return "yes";
	}
	is_starting = loaded_ns ? now - loaded_ns < SETTLE_NS : now - began_ns < LOAD_NS;
	return is_starting && !was_enforcing ? ENFORCEMENT_STARTING : "no";
}

/* For uplink, which tells the console what this machine is: written when it changes. */
static void tell_enforcement(struct engine *engine)
{
	static char before[128]; /* what the file says */
	char text[sizeof(before)];
	auto_close int fd = -EBADF;
	struct file_content content = {.bytes = text, .mode = 0644, .group = FILE_GROUP_NONE};

	(void)snprintf(text, sizeof(text), "{\"enforcing\":\"%s\"}", enforcement(engine));
	if (!strcmp(text, before))
		return;
	content.size = strlen(text);
	fd = open(engine->runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && file_replace(fd, ENFORCEMENT_NAME, &content) == 0)
		memcpy(before, text, sizeof(before));
}

/* What MDM left is not enrolled with: told again when it is something else that hinders. */
static void look_enrol_file(struct engine *engine)
{
	static char told[ENGINE_FAILURE_TEXT];
	struct json_object *note = runtime_object_read(engine, ENROL_TROUBLE_NAME);
	const char *trouble = json_text(note, "trouble");

	if (trouble[0] && strcmp(trouble, told) != 0)
		failure_note(engine, FAILURE_ENROL_FILE, "%.150s", trouble);
	(void)snprintf(told, sizeof(told), "%s", trouble);
	(void)json_object_put(note); /* freed */
}

void reporting_tick(struct engine *engine)
{
	static uint64_t looked_ns;
	uint64_t now = clock_boot_ns();
	struct json_object *status;

	if (looked_ns && now - looked_ns < LOOK_NS)
		return;
	looked_ns = now;
	tell_enforcement(engine);
	look_enrol_file(engine);
	status = uplink_object_read(engine, CONSOLE_STATUS_NAME);
	if (!status)
		return;
	look_refused(engine, status);
	look_spool(engine, status);
	look_key(engine, status);
	look_dropped(engine, status);
	look_silent(engine, status);
	(void)json_object_put(status); /* freed */
}
