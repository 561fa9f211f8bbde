/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast status */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/browsers.h"
#include "agent/cli/cli.h"
#include "agent/cli/console.h"
#include "agent/cli/label_keys.h"
#include "agent/cli/trust.h"
#include "agent/cli/watermarks.h"
#include "common/clock.h"

static const char usage[] = "usage: holdfast status [--json]\n"
			    "What is in force, and whether all of it works.\n";

static void print_number(struct json_object *status, const char *what, const char *path)
{
	(void)printf("  %-22s %llu\n", what, (unsigned long long)json_number(status, path));
}

/* A line of names, or what is said when there is none. */
static void print_names(const char *before, struct json_object *names, const char *none)
{
	size_t count = names ? json_object_array_length(names) : 0;

	(void)fputs(count ? before : none, stdout);
	for (size_t i = 0; i < count; i++)
		(void)printf("%s%s%s", i ? ", " : "",
			json_object_get_string(json_object_array_get_idx(names, i)),
			i + 1 == count ? "\n" : "");
}

static void print_policy(struct json_object *status)
{
	const char *name = json_text(status, "policy.name");
	char since[CLOCK_TEXT_SIZE];

	print_styled(PRINT_BOLD, "Policy\n");
	if (!name[0]) {
		print_styled(PRINT_BAD, "  none: %s is missing or has errors\n",
			json_text(status, "policy.path"));
		return;
	}
	(void)printf("  '%s' version %llu from %s\n", name,
		(unsigned long long)json_number(status, "policy.version"),
		json_text(status, "policy.path"));
	if (json_true(status, "policy.applied")) {
		clock_format(json_number(status, "policy.since"), since);
		print_styled(PRINT_GOOD, "  in force since %s\n", since);
	} else {
		print_styled(PRINT_WARN, "  not in force\n");
	}
	if (json_true(status, "policy.last_good"))
		print_styled(PRINT_WARN, "  this is the last good one: the file has errors now, "
					 "see holdfast policy check\n");
	print_names("  labels: ", json_at(status, "policy.labels"), "  no labels\n");
}

/* In which zones, why in no others, and what that shuts. */
static void print_network(struct json_object *status)
{
	struct json_object *absent = json_at(status, "network.absent");

	if (!json_at(status, "network"))
		return;
	print_styled(PRINT_BOLD, "Network\n");
	print_names("  in zone: ", json_at(status, "network.present"), "  in no zone\n");
	for (size_t i = 0; absent && i < json_object_array_length(absent); i++) {
		struct json_object *zone = json_object_array_get_idx(absent, i);

		(void)printf("  not in %s: %s\n", json_text(zone, "zone"), json_text(zone, "why"));
	}
	print_names("  shut here: ", json_at(status, "network.services_shut"), "");
}

static void print_wipe(struct json_object *status)
{
	const char *state = json_text(status, "wipe.state");

	if (!state[0])
		return;
	print_styled(PRINT_BOLD, "Wiping\n");
	print_styled(!strcmp(state, "failed") ? PRINT_BAD : PRINT_WARN, "  %s: ", state);
	print_clean(json_text(status, "wipe.text"));
	(void)putchar('\n');
}

static void print_status(struct json_object *status, const char *text, void *userdata)
{
	struct json_object *reductions = json_at(status, "kernel.missing");
	size_t reduced = reductions ? json_object_array_length(reductions) : 0;
	struct json_object *console = console_status();
	const bool *is_json = userdata;

	(void)text;
	if (*is_json) {
		if (console) /* the status takes it over */
			(void)json_object_object_add(status, "console", console);
		(void)puts(json_object_to_json_string_ext(status, JSON_C_TO_STRING_PLAIN));
		return;
	}
	print_styled(PRINT_BOLD, "Holdfast %s\n", json_text(status, "version"));
	if (json_true(status, "kernel.enforcing"))
		print_styled(PRINT_GOOD, "  enforcing, in the kernel\n");
	else
		print_styled(PRINT_BAD, "  NOTHING IS ENFORCED, see holdfast doctor\n");
	if (json_true(status, "kernel.enforcing") && reduced)
		print_styled(PRINT_WARN,
			"  reduced on this kernel in %zu ways, see holdfast doctor\n", reduced);
	print_policy(status);
	trust_print(status);
	print_wipe(status);
	label_keys_print(status);
	print_network(status);
	browsers_print(status);
	watermarks_print(status);
	print_styled(PRINT_BOLD, "Labelled\n");
	print_number(status, "places of the policy", "places_marked");
	if (json_number(status, "places_unlabelled"))
		print_styled(PRINT_BAD, "  %llu more could NOT be labelled, see holdfast doctor\n",
			(unsigned long long)json_number(status, "places_unlabelled"));
	print_number(status, "files and directories", "marks");
	print_number(status, "programs verified", "programs_verified");
	print_verification(status);
	print_styled(PRINT_BOLD, "Since boot\n");
	print_number(status, "acts refused", "events.refused");
	print_number(status, "acts recorded", "events.audited");
	print_number(status, "labelled readers", "events.labelled_readers");
	print_styled(PRINT_BOLD, "Events since boot\n");
	print_number(status, "made", "events.made");
	print_number(status, "= delivered", "events.delivered");
	print_number(status, "+ coalesced", "events.coalesced");
	print_number(status, "+ lost", "events.lost");
	print_number(status, "+ waiting", "events.pending");
	if (json_number(status, "failures"))
		print_styled(PRINT_WARN, "%llu kinds of trouble seen, see holdfast doctor\n",
			(unsigned long long)json_number(status, "failures"));
	console_print(console);
	(void)json_object_put(console); /* freed */
}

int cli_status(int argc, char **argv)
{
	const struct local_request request = {.type = LOCAL_STATUS};
	bool is_json;
	int r;

	r = options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	return client_ask(&request, -1, print_status, &is_json);
}
