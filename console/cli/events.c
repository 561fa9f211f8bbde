/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console events */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"

#define LIMIT_USUAL 100
#define LIMIT_HELD  100000 /* lines that are held to be turned round */

static const char usage[] =
	"usage: holdfast-console events [--device DEVICE] [--class CLASS] [--verdict WORD]\n"
	"                               [--user NAME] [--file TEXT] [--text TEXT]\n"
	"                               [--since TIME] [--until TIME] [--limit N | --all]\n"
	"                               [--follow] [--json]\n"
	"Events of all devices, oldest first: the newest 100 of those that fit.\n"
	"  --device DEVICE  uid or host name\n"
	"  --class CLASS    number of OCSF, or file, process, log, peripheral, entity, network,\n"
	"                   config, lifecycle, hosting\n"
	"  --verdict WORD   allow, audit, warn, block, or refused (warn and block)\n"
	"  --user NAME      as the event names it\n"
	"  --file TEXT      is in the path or name of the file\n"
	"  --text TEXT      is anywhere in the event; both look at each event: give a time too\n"
	"  --since TIME     10m, 2h, 3d ago, or '2026-11-25 06:00'; by the device's clock\n"
	"  --until TIME\n"
	"  --limit N        the newest N (100)\n"
	"  --all            all of them, in the order in which they came\n"
	"  --follow         go on printing as they come\n"
	"  --json           one a line, as {device, host, sequence, event: OCSF}\n";

struct view {
	bool is_json, is_held;
	char **held; /* newest first, to be turned round */
	size_t count;
};

static const struct {
	const char *name;
	uint32_t uid;
} classes[] = {{"file", 1001}, {"process", 1007}, {"log", 1008}, {"peripheral", 1010},
	{"entity", 3004}, {"network", 4001}, {"config", 5019}, {"lifecycle", 6002},
	{"hosting", 6006}};

static enum print_style style_of(const char *verdict)
{
	if (!strcmp(verdict, "block"))
		return PRINT_BAD;
	if (!strcmp(verdict, "warn"))
		return PRINT_WARN;
	return verdict[0] ? PRINT_GOOD : PRINT_PLAIN;
}

/* As the store counts it: OCSF's word, else the agent's own. */
static const char *verdict_of(struct json_object *event)
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
		return json_text(event, "unmapped.holdfast.verdict");
	}
}

static void print_line(struct json_object *line)
{
	struct json_object *event = json_at(line, "event");
	const char *verdict = verdict_of(event);
	const char *channel = json_text(event, "unmapped.holdfast.channel");
	char when[CLOCK_TEXT_SIZE];

	if (!event) {
		(void)printf("an event of %s is too large to be shown\n", json_text(line, "host"));
		return;
	}
	clock_format(json_number(event, "time"), when);
	print_styled(PRINT_DIM, "%s  ", when);
	print_clean(json_text(line, "host"));
	print_styled(style_of(verdict), "  %-5s", verdict[0] ? verdict : "-");
	(void)fputs("  ", stdout);
	print_clean(channel[0] ? channel : json_text(event, "metadata.event_code"));
	(void)fputs("  ", stdout);
	if (json_text(event, "actor.user.name")[0]) {
		print_clean(json_text(event, "actor.user.name"));
		(void)fputs(": ", stdout);
	}
	print_clean(json_text(event, "message"));
	if (json_number(event, "count") > 1)
		print_styled(PRINT_DIM, "  (%llu times)",
			(unsigned long long)json_number(event, "count"));
	(void)putchar('\n');
}

static void show(const struct view *view, struct json_object *line, const char *text)
{
	if (view->is_json)
		(void)puts(text);
	else
		print_line(line);
}

/* What is held came newest first. */
static void show_held(struct view *view)
{
	while (view->count > 0) {
		char *text = view->held[--view->count];
		struct json_object *line = json_tokener_parse(text);

		if (line)
			show(view, line, text);
		(void)json_object_put(line); /* freed */
		free(text);
	}
	view->is_held = false;
	(void)fflush(stdout);
}

static void on_line(struct json_object *line, const char *text, void *userdata)
{
	struct view *view = userdata;

	if (json_true(line, "following")) {
		show_held(view);
		return;
	}
	if (!view->is_held) {
		show(view, line, text);
		(void)fflush(stdout);
		return;
	}
	view->held[view->count] = strdup(text);
	if (!view->held[view->count])
		exit(cli_refuse("no memory"));
	view->count++;
}

static int parse_class(const char *text, uint32_t *ret_class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (!strcmp(classes[i].name, text)) {
			*ret_class = classes[i].uid;
			return 0;
		}
	return cli_number(text, 99999999, ret_class);
}

static bool is_verdict(const char *word)
{
	static const char *const words[] = {"allow", "audit", "warn", "block", "refused"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static int take(char *ret_text, size_t size, const char *text)
{
	return cli_text(ret_text, size, text) ? 0 : -EINVAL;
}

static int parse_option(struct admin_request *request, struct view *view, int option)
{
	switch (option) {
	case 'd':
		return take(request->device, sizeof(request->device), optarg);
	case 'c':
		return parse_class(optarg, &request->class_uid);
	case 'v':
		return is_verdict(optarg) ? take(request->verdict, sizeof(request->verdict), optarg)
					  : -EINVAL;
	case 'u':
		return take(request->user, sizeof(request->user), optarg);
	case 'F':
		return take(request->file, sizeof(request->file), optarg);
	case 't':
		return take(request->text, sizeof(request->text), optarg);
	case 's':
		return clock_parse(optarg, &request->since_ms);
	case 'e':
		return clock_parse(optarg, &request->until_ms);
	case 'n':
		return cli_number(optarg, LIMIT_HELD, &request->limit);
	case 'a':
		request->limit = 0;
		return 0;
	case 'f':
		request->flags |= ADMIN_IS_FOLLOWING;
		return 0;
	case 'j':
		view->is_json = true;
		return 0;
	default:
		return -EINVAL;
	}
}

int cli_events(int argc, char **argv)
{
	static const struct option known[] = {{"device", required_argument, NULL, 'd'},
		{"class", required_argument, NULL, 'c'}, {"verdict", required_argument, NULL, 'v'},
		{"user", required_argument, NULL, 'u'}, {"file", required_argument, NULL, 'F'},
		{"text", required_argument, NULL, 't'}, {"since", required_argument, NULL, 's'},
		{"until", required_argument, NULL, 'e'}, {"limit", required_argument, NULL, 'n'},
		{"all", no_argument, NULL, 'a'}, {"follow", no_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	static struct admin_request request = {.type = ADMIN_EVENTS, .limit = LIMIT_USUAL};
	struct view view = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "hf", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (parse_option(&request, &view, option) < 0) {
			if (option != '?')
				(void)cli_refuse("'%s' does not fit its option", optarg);
			return cli_usage(usage);
		}
	}
	if (optind != argc)
		return cli_usage(usage);
	view.is_held = request.limit > 0;
	view.held = calloc(request.limit ? request.limit : 1, sizeof(*view.held));
	if (!view.held)
		return cli_refuse("no memory");
	r = client_ask(&request, on_line, &view);
	show_held(&view);
	free(view.held);
	return r;
}
