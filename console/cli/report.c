/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console report */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"

static const char usage[] = "usage: holdfast-console report [--days N] [--json]\n"
			    "How many events there were each day, by class and verdict: the last 7 "
			    "days, of today too.\n"
			    "Days are UTC's, by the devices' clocks. Sums are kept as events come: "
			    "this looks at none.\n"
			    "  --days N  the last N days\n";

struct view {
	bool is_json;
	uint64_t day, total;
};

static const char *class_name(uint64_t class_uid)
{
	static const struct {
		uint64_t uid;
		const char *name;
	} names[] = {{1001, "file"}, {1007, "process"}, {1008, "log"}, {1010, "peripheral"},
		{3004, "entity"}, {4001, "network"}, {5019, "config"}, {6002, "lifecycle"},
		{6006, "hosting"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].uid == class_uid)
			return names[i].name;
	return "other";
}

static void print_tally(struct json_object *tally, const char *text, void *userdata)
{
	struct view *view = userdata;
	uint64_t day = json_number(tally, "day");
	const char *verdict = json_text(tally, "verdict");
	char when[CLOCK_TEXT_SIZE];

	if (view->is_json) {
		(void)puts(text);
		return;
	}
	if (day != view->day || !view->total) {
		clock_format(day, when);
		print_styled(PRINT_BOLD, "%.10s\n", when);
	}
	view->day = day;
	view->total += json_number(tally, "count");
	(void)printf("  %-11s %-6s %12llu\n", class_name(json_number(tally, "class_uid")),
		verdict[0] ? verdict : "-", (unsigned long long)json_number(tally, "count"));
}

int cli_report(int argc, char **argv)
{
	static const struct option known[] = {{"days", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_REPORT};
	struct view view = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'j')
			view.is_json = true;
		else if (option != 'd' || cli_number(optarg, ADMIN_DAYS_MAX, &request.days) < 0)
			return cli_usage(usage);
	}
	if (optind != argc)
		return cli_usage(usage);
	r = client_ask(&request, print_tally, &view);
	if (r == CLI_DONE && !view.is_json)
		(void)printf("%llu events\n", (unsigned long long)view.total);
	return r;
}
