/* SPDX-License-Identifier: Apache-2.0 */
#include "console/cli/event_line.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/print.h"

#define OWN "unmapped.holdfast."

static enum print_style style_of(const char *verdict)
{
	if (!strcmp(verdict, "block"))
		return PRINT_BAD;
	if (!strcmp(verdict, "warn"))
		return PRINT_WARN;
	return verdict[0] ? PRINT_GOOD : PRINT_PLAIN;
}

/* As the store counts it: OCSF's word, else the agent's own. */
const char *event_line_verdict(struct json_object *event)
{
	switch (json_number(event, "disposition_id")) {
	case 1: /* Allowed */
		return "allow";
	case 15: /* Detected */
	case 17: /* Logged */
	case 19: /* Alert */
		return "audit";
	case 23: /* Challenge */
		return "warn";
	case 2: /* Blocked */
		return "block";
	default:
		return json_text(event, OWN "verdict");
	}
}

static const char *kind_of(struct json_object *event)
{
	const char *code = json_text(event, "metadata.event_code");

	if (code[0])
		return code;
	code = json_text(event, OWN "channel");
	return code[0] ? code : json_text(event, "class_name");
}

static bool has_who(struct json_object *event)
{
	return json_text(event, "actor.user.name")[0] || json_text(event, "actor.user.uid")[0];
}

static void print_who(struct json_object *event)
{
	const char *name = json_text(event, "actor.user.name");
	const char *uid = json_text(event, "actor.user.uid");

	if (name[0]) {
		print_clean(name);
	} else if (uid[0]) {
		(void)fputs("uid ", stdout);
		print_clean(uid);
	} else {
		(void)putchar('-');
	}
}

static void print_program(struct json_object *event)
{
	const char *name = json_text(event, "actor.process.name");

	if (!name[0])
		return;
	print_clean(name);
	(void)printf("[%llu]", (unsigned long long)json_number(event, "actor.process.pid"));
	if (json_text(event, "actor.app_name")[0] &&
		strcmp(json_text(event, "actor.app_name"), name) != 0) {
		(void)fputs(" as ", stdout);
		print_clean(json_text(event, "actor.app_name"));
	}
}

/* What was acted on, "" when the event names nothing. */
static const char *object_of(struct json_object *event)
{
	static const char *const paths[] = {
		OWN "print.job_name", OWN "print.document", "file.path"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (json_text(event, paths[i])[0])
			return json_text(event, paths[i]);
	return "";
}

static bool has_destination(struct json_object *event)
{
	return json_text(event, "dst_endpoint.ip")[0] ||
	       (json_text(event, "peripheral_device.name")[0] &&
		       json_text(event, OWN "verdict")[0]);
}

static void print_destination(struct json_object *event)
{
	const char *address = json_text(event, "dst_endpoint.ip");
	uint64_t port = json_number(event, "dst_endpoint.port");

	if (!has_destination(event))
		return;
	(void)fputs(" -> ", stdout);
	print_clean(address[0] ? address : json_text(event, "peripheral_device.name"));
	if (address[0] && port)
		(void)printf(" port %llu", (unsigned long long)port);
}

/* An act on a file or to somewhere; of others the agent's sentence says more. */
static bool is_act(struct json_object *event)
{
	return (json_text(event, OWN "operation")[0] || !json_text(event, "message")[0]) &&
	       strncmp(json_text(event, "metadata.event_code"), "tamper", 6) != 0 &&
	       strcmp(json_text(event, OWN "operation"), "none") != 0 &&
	       (object_of(event)[0] || has_destination(event));
}

static void print_labels(struct json_object *event)
{
	struct json_object *labels = json_at(event, OWN "decided");
	size_t count = json_object_is_type(labels, json_type_array)
			       ? json_object_array_length(labels)
			       : 0;

	for (size_t i = 0; i < count; i++) {
		const char *label = json_object_get_string(json_object_array_get_idx(labels, i));

		(void)fputs(i ? ", " : "label ", stdout);
		print_clean(label ? label : "?");
	}
	if (count)
		(void)fputs("; ", stdout);
}

/* The rule, or what took its place; nothing when neither is known. */
static bool has_why(struct json_object *event)
{
	return json_text(event, OWN "rule.name")[0] || json_text(event, OWN "reason_text")[0];
}

static void print_why(struct json_object *event)
{
	const char *rule = json_text(event, OWN "rule.name");

	if (!has_why(event))
		return;
	(void)fputs("  (", stdout);
	if (is_act(event)) /* the sentence says them */
		print_labels(event);
	if (json_text(event, OWN "reason_text")[0]) {
		print_clean(json_text(event, OWN "reason_text"));
	} else {
		(void)fputs("rule ", stdout);
		print_clean(rule);
		if (json_text(event, OWN "rule.file")[0]) {
			(void)fputs(", ", stdout);
			print_clean(json_text(event, OWN "rule.file"));
			(void)printf(
				":%llu", (unsigned long long)json_number(event, OWN "rule.line"));
		}
	}
	(void)putchar(')');
}

static void print_act(struct json_object *event)
{
	const char *operation = json_text(event, OWN "operation");

	print_program(event);
	(void)putchar(' ');
	print_clean(operation[0] ? operation : json_text(event, "activity_name"));
	if (object_of(event)[0]) {
		(void)putchar(' ');
		print_clean(object_of(event));
	}
	print_destination(event);
}

void event_line_print(struct json_object *line)
{
	struct json_object *event = json_at(line, "event");
	const char *verdict;
	char when[CLOCK_TEXT_SIZE];

	if (!event) {
		(void)printf("event %llu of %s is too large to be shown\n",
			(unsigned long long)json_number(line, "id"), json_text(line, "host"));
		return;
	}
	verdict = event_line_verdict(event);
	clock_format(json_number(event, "time"), when);
	print_styled(PRINT_DIM, "%s  ", when);
	print_clean(json_text(line, "host"));
	print_styled(style_of(verdict), "  %-5s", verdict[0] ? verdict : "-");
	(void)fputs("  ", stdout);
	print_clean(kind_of(event));
	(void)fputs("  ", stdout);
	if (has_who(event)) {
		print_who(event);
		(void)fputs(": ", stdout);
	}
	if (is_act(event))
		print_act(event);
	else
		print_clean(json_text(event, "message"));
	print_why(event);
	if (json_number(event, "count") > 1)
		print_styled(
			PRINT_DIM, "  %llu times", (unsigned long long)json_number(event, "count"));
	print_styled(PRINT_DIM, "  #%llu", (unsigned long long)json_number(line, "id"));
	(void)putchar('\n');
}

static void show_text(const char *name, const char *text)
{
	if (!text[0])
		return;
	(void)printf("  %-12s ", name);
	print_clean(text);
	(void)putchar('\n');
}

static void show_lineage(struct json_object *event)
{
	struct json_object *origins = json_at(event, OWN "lineage.origins");

	if (!json_at(event, OWN "lineage"))
		return;
	print_styled(PRINT_BOLD, "Lineage\n");
	if (json_number(event, OWN "lineage.from_pid"))
		(void)printf("  has its labels from process %llu, by %s\n",
			(unsigned long long)json_number(event, OWN "lineage.from_pid"),
			json_text(event, OWN "lineage.hop"));
	for (size_t i = 0; origins && i < json_object_array_length(origins); i++) {
		struct json_object *file = json_object_array_get_idx(origins, i);

		(void)printf("  from file %llu of device %llu\n",
			(unsigned long long)json_number(file, "ino"),
			(unsigned long long)json_number(file, "dev"));
	}
	if (json_true(event, OWN "lineage.has_more_origins"))
		(void)printf("  and from more files\n");
}

static void show_head(struct json_object *line, struct json_object *event)
{
	char when[CLOCK_TEXT_SIZE];
	const char *verdict = event_line_verdict(event);

	print_styled(PRINT_BOLD, "Event %llu\n", (unsigned long long)json_number(line, "id"));
	clock_format(json_number(event, "time"), when);
	show_text("time", when);
	(void)printf("  %-12s ", "device");
	print_clean(json_text(line, "host"));
	(void)printf(" (%s), its event %llu\n", json_text(line, "device"),
		(unsigned long long)json_number(line, "sequence"));
	(void)printf("  %-12s ", "verdict");
	print_styled(style_of(verdict), "%s\n", verdict[0] ? verdict : "none");
	show_text("kind", kind_of(event));
	show_text("class", json_text(event, "class_name"));
	show_text("activity", json_text(event, "activity_name"));
	(void)printf("  %-12s ", "who");
	print_who(event);
	(void)printf("\n  %-12s ", "program");
	print_program(event);
	(void)putchar('\n');
}

void event_line_show(struct json_object *line)
{
	struct json_object *event = json_at(line, "event");

	if (!event) {
		event_line_print(line);
		return;
	}
	show_head(line, event);
	show_text("operation", json_text(event, OWN "operation"));
	show_text("file", json_text(event, "file.path"));
	show_text("document", json_text(event, OWN "print.job_name"));
	show_text("to", json_text(event, "dst_endpoint.ip"));
	show_text("peripheral", json_text(event, "peripheral_device.name"));
	show_text("said", json_text(event, "message"));
	show_text("rule", json_text(event, OWN "rule.name"));
	show_text("label", json_text(event, OWN "rule.label_title")[0]
				   ? json_text(event, OWN "rule.label_title")
				   : json_text(event, OWN "rule.label"));
	show_text("told", json_text(event, OWN "rule.text"));
	show_text("reason", json_text(event, OWN "reason_text"));
	show_text("policy", json_text(event, "policy.name"));
	show_text("version", json_text(event, "policy.version"));
	show_text("code", json_text(event, "status_code"));
	show_lineage(event);
}
