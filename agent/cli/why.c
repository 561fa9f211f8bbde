/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast why: the last refusal in words. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static const char usage[] = "usage: holdfast why [--json] [last|PID]\n"
			    "Says what was refused last, to you or to process PID, which rule did "
			    "it, and what to do.\n";

static void print_row(const char *name, const char *value)
{
	if (!value[0])
		return;
	print_styled(PRINT_DIM, "  %-9s", name);
	print_clean(value);
	(void)putchar('\n');
}

static void print_who(struct json_object *event)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s (user id %s), program '%s' (process %s)%s%s",
		json_text(event, "actor.user.name"), json_text(event, "actor.user.uid"),
		json_text(event, "actor.process.name"), json_text(event, "actor.process.pid"),
		json_text(event, "actor.app_name")[0] ? ", verified as "
						      : ", not a verified application",
		json_text(event, "actor.app_name"));
	print_row("Who", text);
}

static void print_rule(struct json_object *event)
{
	struct json_object *rule = json_at(event, "unmapped.holdfast.rule");
	char text[4096 + 256];

	if (json_text(event, "unmapped.holdfast.reason")[0]) {
		(void)snprintf(text, sizeof(text), "%s: %s",
			json_text(event, "unmapped.holdfast.reason"),
			json_text(event, "unmapped.holdfast.reason_text"));
		print_row("Reason", text);
	}
	if (!rule)
		return;
	print_row("Label", json_text(rule, "label_title")[0] ? json_text(rule, "label_title")
							     : json_text(rule, "label"));
	(void)snprintf(text, sizeof(text), "%s, at %s:%s%s", json_text(rule, "name"),
		json_text(rule, "file"), json_text(rule, "line"),
		json_true(rule, "is_default") ? " (no rule names this way out, so it is closed)"
					      : "");
	print_row("Rule", text);
	print_row("Says", json_text(rule, "text"));
	print_row("More", json_text(rule, "link"));
}

static const char *advice(const char *channel, const char *reason, bool is_warn)
{
	if (!strcmp(reason, "not-verified"))
		return "Show who you are: holdfast verify. Then try again.";
	if (!strcmp(reason, "not-trusted"))
		return "See holdfast status: it says why this device is not trusted, and until "
		       "when it was.";
	if (!strcmp(reason, "out-of-zone"))
		return "Connect to that network or its VPN: holdfast status says what is missing.";
	if (is_warn)
		return "If your work needs it: holdfast justify --reason 'why', then try again.";
	if (!strcmp(channel, "open"))
		return "Open the file with an application that the label allows: see holdfast "
		       "policy show.";
	if (!strcmp(channel, "network") || !strcmp(channel, "netshare") ||
		!strcmp(channel, "removable") || !strcmp(channel, "print"))
		return "Use another program, newly started, for what is not protected: this one "
		       "has read protected content. For an exception ask your administrator.";
	return "For an exception ask your administrator, and give the time above.";
}

static void print_why(struct json_object *event, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	const char *verdict = json_text(event, "unmapped.holdfast.verdict");
	char when[CLOCK_TEXT_SIZE];
	bool is_warn = !strcmp(verdict, "warn");

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_styled(is_warn ? PRINT_WARN : PRINT_BAD, "%s", is_warn ? "Stopped: " : "Refused: ");
	print_clean(json_text(event, "message"));
	(void)putchar('\n');
	clock_format(json_number(event, "time"), when);
	print_row("When", when);
	print_who(event);
	print_row("File", json_text(event, "file.path"));
	print_rule(event);
	print_row("Do", advice(json_text(event, "unmapped.holdfast.channel"),
				json_text(event, "unmapped.holdfast.reason"), is_warn));
	if (json_number(event, "count") > 1)
		print_row("Times", json_text(event, "count"));
}

int cli_why(int argc, char **argv)
{
	struct local_request request = {.type = LOCAL_WHY};
	bool is_json;
	int r;

	r = options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (argc - optind != 1 || strcmp(argv[optind], "last") != 0)
		r = options_process(argc, argv, usage, &request.pid);
	if (r != OPTIONS_GO_ON)
		return r;
	return client_ask(&request, -1, print_why, &is_json);
}
