/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console status, findings */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"

static const char usage_status[] = "usage: holdfast-console status [--json]\n"
				   "How the console is, and what it has.\n";

static const char usage_findings[] =
	"usage: holdfast-console findings [--device DEVICE] [--limit N] [--json]\n"
	"What is missing or does not fit, oldest first: events that never came (gap, restored),\n"
	"that a device gave up (pruned) or lost (lost), devices that exist twice "
	"(chain-conflict),\nevents that are stored but not as OCSF has them (event-not-ocsf).\n"
	"  --json  one a line, as OCSF Detection Findings (class 2004)\n";

static void print_number(struct json_object *status, const char *what, const char *path)
{
	(void)printf("  %-12s %llu\n", what, (unsigned long long)json_number(status, path));
}

/* What went wrong since the console was started; each with what it means. */
static void print_failures(struct json_object *failures)
{
	char last[CLOCK_TEXT_SIZE];

	if (!failures || !json_object_array_length(failures))
		return;
	print_styled(PRINT_BOLD, "Since its processes were started\n");
	for (size_t i = 0; i < json_object_array_length(failures); i++) {
		struct json_object *failure = json_object_array_get_idx(failures, i);

		clock_format(json_number(failure, "last"), last);
		print_styled(PRINT_WARN, "  %s", json_text(failure, "name"));
		(void)printf("  %llu times, last %s: ",
			(unsigned long long)json_number(failure, "count"), last);
		print_clean(json_text(failure, "text"));
		(void)printf("\n      %s\n", json_text(failure, "says"));
	}
}

static void print_status(struct json_object *status, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	char since[CLOCK_TEXT_SIZE];

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_styled(PRINT_BOLD, "Holdfast console %s\n", json_text(status, "version"));
	if (json_text(status, "trouble")[0]) {
		clock_format(json_number(status, "trouble_since"), since);
		print_styled(PRINT_BAD,
			"  NOTHING IS STORED since %s: %s. Devices keep their events.\n", since,
			json_text(status, "trouble"));
	} else {
		print_styled(PRINT_GOOD, "  running\n");
	}
	if (json_text(status, "restored")[0])
		print_styled(PRINT_WARN, "  database restored from a backup: %s\n",
			json_text(status, "restored"));
	print_failures(json_object_object_get(status, "failures"));
	print_styled(PRINT_BOLD, "Devices\n");
	print_number(status, "trusted", "devices.trusted");
	print_number(status, "pending", "devices.pending");
	print_number(status, "suspended", "devices.suspended");
	print_number(status, "revoked", "devices.revoked");
	print_number(status, "good tokens", "tokens");
	print_styled(PRINT_BOLD, "Events\n");
	print_number(status, "stored", "events");
	(void)printf("  %-12s %.1f MB\n", "database",
		(double)json_number(status, "database_bytes") / 1e6);
	if (json_number(status, "findings"))
		print_styled(PRINT_WARN, "%llu findings, see holdfast-console findings\n",
			(unsigned long long)json_number(status, "findings"));
}

static void print_export(struct json_object *line, const char *text, void *userdata)
{
	bool *has_heading = userdata;

	if (!json_true(line, "running"))
		return; /* export status says of those, too */
	if (!*has_heading)
		print_styled(PRINT_BOLD, "Exports\n");
	*has_heading = true;
	(void)fputs("  ", stdout);
	cli_export_print(line, text, &(bool){false});
}

int cli_status(int argc, char **argv)
{
	const struct admin_request request = {.type = ADMIN_STATUS};
	const struct admin_request exports = {.type = ADMIN_EXPORTS};
	bool is_json, has_heading = false;
	int r;

	r = cli_options_json(argc, argv, usage_status, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind != argc)
		return cli_usage(usage_status);
	r = client_ask(&request, print_status, &is_json);
	return r != CLI_DONE || is_json ? r : client_ask(&exports, print_export, &has_heading);
}

static void print_finding(struct json_object *finding, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	char when[CLOCK_TEXT_SIZE];

	if (*is_json) {
		(void)puts(text);
		return;
	}
	clock_format(json_number(finding, "time"), when);
	print_styled(PRINT_DIM, "%s  ", when);
	print_styled(PRINT_BAD, "%-14s", json_text(finding, "unmapped.holdfast.kind"));
	print_clean(json_text(finding, "device.hostname"));
	(void)printf("  %llu to %llu: ",
		(unsigned long long)json_number(finding, "unmapped.holdfast.first"),
		(unsigned long long)json_number(finding, "unmapped.holdfast.last"));
	print_clean(json_text(finding, "message"));
	(void)putchar('\n');
}

int cli_findings(int argc, char **argv)
{
	static const struct option known[] = {{"device", required_argument, NULL, 'd'},
		{"limit", required_argument, NULL, 'n'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_FINDINGS};
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage_findings, stdout), CLI_DONE;
		if (option == 'j')
			is_json = true;
		else if (option == 'd' && cli_text(request.device, sizeof(request.device), optarg))
			continue;
		else if (option != 'n' || cli_number(optarg, 1000, &request.limit) < 0)
			return cli_usage(usage_findings);
	}
	if (optind != argc)
		return cli_usage(usage_findings);
	return client_ask(&request, print_finding, &is_json);
}
