/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console policy: check, history and rollout; the others are in files of their own. */
#include "console/cli/policy.h"

#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "policy/host/policy_report.h"

const char cli_policy_usage[] =
	"usage: holdfast-console policy check FILE\n"
	"       holdfast-console policy preview FILE [FOR WHOM] [--since TIME]\n"
	"       holdfast-console policy publish FILE [FOR WHOM] [--days N] [--key FILE]\n"
	"                               [--passphrase-file FILE] [--version N] [--why TEXT]\n"
	"                               [--dry-run]\n"
	"       holdfast-console policy history [--limit N] [--json]\n"
	"       holdfast-console policy show [VERSION] [--json]\n"
	"       holdfast-console policy diff VERSION VERSION\n"
	"       holdfast-console policy rollback VERSION [the options of publish]\n"
	"       holdfast-console policy rollout VERSION --percent N\n"
	"publish compiles a policy with all it includes, signs it, and gives it to devices; a\n"
	"device's is the newest version that is for it. rollback signs what a version said again,\n"
	"as a new one: versions on a device only go up. preview says which devices would get it,\n"
	"and what it would have said of what they did.\n"
	"FOR WHOM, all devices unless one of the first three is there; a device needs one of "
	"them:\n"
	"  --group TAG             for devices with this tag; see device tag\n"
	"  --device DEVICE         for this one, by uid or host name\n"
	"  --user USER             for devices that are assigned to this user; see device assign\n"
	"  --percent N             for that many of them (100), always the same ones\n"
	"  --days N                taken by devices for so long (365); what is in force stays\n"
	"  --key FILE              the policy key (signing/policy.key of the state directory)\n"
	"  --passphrase-file FILE  of it; without it, it is asked for\n"
	"  --version N             not the next number, but this higher one\n"
	"  --dry-run               says which devices would get it, and publishes nothing\n"
	"  --since TIME            acts since then (7d): 10m, 2h, 3d ago, or '2026-11-25 06:00'\n"
	"  --why TEXT              is written down with it\n";

struct view {
	bool is_json;
	unsigned int count;
};

static int check(int argc, char **argv)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_compiled_freep) struct policy_compiled *policy = NULL;

	if (argc != 2 || argv[1][0] == '-')
		return cli_usage(cli_policy_usage);
	policy = files ? policy_report_load("holdfast-console", argv[1], files) : NULL;
	if (!policy)
		return CLI_REFUSED;
	policy_report_good(argv[1], policy);
	return CLI_DONE;
}

static void print_rejections(struct json_object *policy)
{
	struct json_object *codes = json_at(policy, "codes");

	if (!json_number(policy, "rejected"))
		return;
	print_styled(PRINT_BAD,
		", rejected on %llu:", (unsigned long long)json_number(policy, "rejected"));
	json_object_object_foreach(codes, code, count)
	{
		(void)count;
		(void)putchar(' ');
		print_clean(code);
	}
}

static void print_policy(struct json_object *policy, const char *text, void *userdata)
{
	struct view *view = userdata;
	char when[CLOCK_TEXT_SIZE];
	unsigned long long applied = json_number(policy, "applied"),
			   devices = json_number(policy, "devices");

	view->count++;
	if (view->is_json) {
		(void)puts(text);
		return;
	}
	clock_format(json_number(policy, "published"), when);
	print_styled(PRINT_BOLD, "%6llu  ", (unsigned long long)json_number(policy, "version"));
	(void)printf("%s  ", when);
	print_clean(json_text(policy, "name"));
	if (json_number(policy, "repeats"))
		(void)printf(
			" (as version %llu)", (unsigned long long)json_number(policy, "repeats"));
	(void)printf(", to %s, %llu %%\n        ",
		json_text(policy, "groups")[0] ? json_text(policy, "groups") : "all",
		(unsigned long long)json_number(policy, "percent"));
	print_styled(applied < devices ? PRINT_WARN : PRINT_GOOD, "applied on %llu of %llu devices",
		applied, devices);
	print_rejections(policy);
	(void)printf("  by %s", json_text(policy, "who"));
	if (json_text(policy, "why")[0]) {
		(void)fputs(": ", stdout);
		print_clean(json_text(policy, "why"));
	}
	(void)putchar('\n');
}

static int history(int argc, char **argv)
{
	static const struct option known[] = {{"limit", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_POLICIES};
	struct view view = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(cli_policy_usage, stdout), CLI_DONE;
		if (option == 'j')
			view.is_json = true;
		else if (option != 'n' || cli_number(optarg, 100, &request.limit) < 0)
			return cli_usage(cli_policy_usage);
	}
	if (optind != argc)
		return cli_usage(cli_policy_usage);
	r = client_ask(&request, print_policy, &view);
	if (r == CLI_DONE && !view.count && !view.is_json)
		(void)printf("no policy is published yet: see holdfast-console policy publish\n");
	return r;
}

static int rollout(int argc, char **argv)
{
	static const struct option known[] = {
		{"percent", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_POLICY_ROLLOUT};
	bool has_percent = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(cli_policy_usage, stdout), CLI_DONE;
		if (option != 'p' ||
			(strcmp(optarg, "0") != 0 && cli_number(optarg, 100, &request.limit) < 0))
			return cli_usage(cli_policy_usage);
		has_percent = true;
	}
	if (!has_percent || optind + 1 != argc || policy_version(argv[optind], &request.number) < 0)
		return cli_usage(cli_policy_usage);
	return client_ask(&request, print_policy, &(struct view){0});
}

int cli_policy(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {
		{"check", check},
		{"publish", cli_policy_publish},
		{"preview", cli_policy_preview},
		{"history", history},
		{"show", cli_policy_show},
		{"diff", cli_policy_diff},
		{"rollback", cli_policy_rollback},
		{"rollout", rollout},
	};

	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(cli_policy_usage, stdout), CLI_DONE;
	for (size_t i = 0; argc >= 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	return cli_usage(cli_policy_usage);
}
