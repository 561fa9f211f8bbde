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
#include "console/cli/event_line.h"

#define LIMIT_USUAL 100
#define PROGRESS_NS (5 * CLOCK_SECOND_NS)
#define LIMIT_HELD  100000 /* lines that are held to be turned round */

static const char usage[] =
	"usage: holdfast-console events [--device DEVICE] [--class CLASS] [--verdict WORD]\n"
	"                               [--user NAME] [--file TEXT] [--text TEXT]\n"
	"                               [--since TIME] [--until TIME] [--limit N | --all]\n"
	"                               [--after PLACE] [--follow] [--json] [--export]\n"
	"       holdfast-console events show ID [--json]\n"
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
	"  --after PLACE    the next N in the order in which they came, and the place behind "
	"them:\n"
	"                   the PLACE of the next page. 0 is the beginning\n"
	"  --follow         go on printing as they come\n"
	"  --json           one a line, as {id, device, host, sequence, event: OCSF}\n"
	"  --export         --all --json, and on the error output how far it is\n"
	"Each line ends with the event's ID.\n";

struct view {
	bool is_json, is_held, has_after, is_export;
	uint64_t shown, told_ns;
	char **held; /* newest first, to be turned round */
	size_t count;
};

static const struct {
	const char *name;
	uint32_t uid;
} classes[] = {{"file", 1001}, {"process", 1007}, {"log", 1008}, {"peripheral", 1010},
	{"entity", 3004}, {"network", 4001}, {"config", 5019}, {"lifecycle", 6002},
	{"hosting", 6006}};

/* Who waits for many lines that go elsewhere sees that they come. */
static void tell_progress(struct view *view)
{
	uint64_t now_ns = clock_steady_ns();

	if (!view->is_export || now_ns - view->told_ns < PROGRESS_NS)
		return;
	view->told_ns = now_ns;
	(void)fprintf(stderr, "%llu events so far\n", (unsigned long long)view->shown);
}

static void show(struct view *view, struct json_object *line, const char *text)
{
	view->shown++;
	tell_progress(view);
	if (view->is_json)
		(void)puts(text);
	else
		event_line_print(line);
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
	if (json_text(line, "place")[0]) {
		if (view->is_json)
			(void)puts(text);
		else
			print_styled(
				PRINT_DIM, "next page: --after '%s'\n", json_text(line, "place"));
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

/* 0, or -EINVAL with a word of what would fit. */
static int take(char *ret_text, size_t size, const char *text)
{
	return cli_text(ret_text, size, text) ? 0 : -EINVAL;
}

static int explain(const char *what, const char *fits)
{
	(void)cli_refuse("'%s' is no %s: %s", optarg, what, fits);
	return -EINVAL;
}

static int take_time(uint64_t *ret_ms)
{
	return clock_parse(optarg, ret_ms) == 0
		       ? 0
		       : explain("time", "10m, 2h or 3d ago, or '2026-11-25 06:00'");
}

static int take_filter(struct admin_request *request, int option)
{
	switch (option) {
	case 'd':
		return take(request->device, sizeof(request->device), optarg);
	case 'c':
		return parse_class(optarg, &request->class_uid) == 0
			       ? 0
			       : explain("class", "a number of OCSF, or file, process, log, "
						  "peripheral, entity, network, config, lifecycle, "
						  "hosting");
	case 'v':
		return is_verdict(optarg)
			       ? take(request->verdict, sizeof(request->verdict), optarg)
			       : explain("verdict", "allow, audit, warn, block, refused");
	case 'u':
		return take(request->user, sizeof(request->user), optarg);
	case 'F':
		return take(request->file, sizeof(request->file), optarg);
	case 't':
		return take(request->text, sizeof(request->text), optarg);
	case 's':
		return take_time(&request->since_ms);
	case 'e':
		return take_time(&request->until_ms);
	default:
		return -EINVAL;
	}
}

static int parse_option(struct admin_request *request, struct view *view, int option)
{
	switch (option) {
	case 'n':
		return cli_number(optarg, LIMIT_HELD, &request->limit) == 0
			       ? 0
			       : explain("number", "1 to 100000; --all has no limit");
	case 'a':
		request->limit = 0;
		return 0;
	case 'A':
		view->has_after = true;
		return take(request->name, sizeof(request->name), optarg);
	case 'f':
		request->flags |= ADMIN_IS_FOLLOWING;
		return 0;
	case 'j':
		view->is_json = true;
		return 0;
	case 'E':
		view->is_json = view->is_export = true;
		view->told_ns = clock_steady_ns();
		request->limit = 0;
		return 0;
	default:
		return take_filter(request, option);
	}
}

/* What can't be found says so, instead of nothing. */
static bool fits_together(const struct admin_request *request, const struct view *view)
{
	if (request->since_ms && request->until_ms && request->since_ms >= request->until_ms) {
		(void)cli_refuse("--since is not before --until: nothing can fit");
		return false;
	}
	if (view->has_after && (request->flags & ADMIN_IS_FOLLOWING)) {
		(void)cli_refuse(
			"--after ends with a page, --follow does not end: say one of them");
		return false;
	}
	return true;
}

static void on_one(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;

	if (*is_json)
		(void)puts(text);
	else
		event_line_show(line);
}

static int show_one(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_EVENT};
	bool is_json;
	char *end;
	int r;

	r = cli_options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind + 1 != argc)
		return cli_usage(usage);
	errno = 0;
	request.number = strtoull(argv[optind] + (argv[optind][0] == '#'), &end, 10);
	if (errno || *end || !request.number || request.number > INT64_MAX)
		return cli_refuse("'%s' is no event's ID: each line of events ends with one",
			       argv[optind]),
		       CLI_USAGE;
	return client_ask(&request, on_one, &is_json);
}

int cli_events(int argc, char **argv)
{
	static const struct option known[] = {{"device", required_argument, NULL, 'd'},
		{"class", required_argument, NULL, 'c'}, {"verdict", required_argument, NULL, 'v'},
		{"user", required_argument, NULL, 'u'}, {"file", required_argument, NULL, 'F'},
		{"text", required_argument, NULL, 't'}, {"since", required_argument, NULL, 's'},
		{"until", required_argument, NULL, 'e'}, {"limit", required_argument, NULL, 'n'},
		{"all", no_argument, NULL, 'a'}, {"after", required_argument, NULL, 'A'},
		{"follow", no_argument, NULL, 'f'}, {"export", no_argument, NULL, 'E'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	static struct admin_request request = {.type = ADMIN_EVENTS, .limit = LIMIT_USUAL};
	struct view view = {0};
	int option, r;

	if (argc > 1 && !strcmp(argv[1], "show"))
		return show_one(argc - 1, argv + 1);
	while ((option = getopt_long(argc, argv, "hf", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (parse_option(&request, &view, option) < 0)
			return option == '?' ? cli_usage(usage) : CLI_USAGE;
	}
	if (optind != argc)
		return cli_usage(usage);
	if (!fits_together(&request, &view))
		return CLI_USAGE;
	view.is_held = request.limit > 0 && !view.has_after;
	view.held = calloc(request.limit ? request.limit : 1, sizeof(*view.held));
	if (!view.held)
		return cli_refuse("no memory");
	r = client_ask(&request, on_line, &view);
	show_held(&view);
	free(view.held);
	if (r == CLI_DONE && !view.shown && !view.is_json)
		(void)fprintf(stderr, "no event fits\n");
	return r;
}
