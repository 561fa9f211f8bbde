/* SPDX-License-Identifier: Apache-2.0 */
#include "console/cli/policy_plan.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define USUAL_DAYS  365
#define SHOWN_HOSTS 20

/* prefix: "" for a tag. */
static bool add_group(struct policy_plan *plan, const char *prefix, const char *name)
{
	char *text = plan->request.text;
	size_t used = strlen(text);

	plan->has_groups = true;
	if (!*name || strchr(name, ' ') || (!prefix[0] && strchr(name, ':')) ||
		(size_t)snprintf(text + used, sizeof(plan->request.text) - used, "%s%s%s",
			used ? " " : "", prefix, name) >= sizeof(plan->request.text) - used) {
		(void)cli_refuse(
			"'%.60s': no group, or too many of them: give the devices a tag", name);
		return false;
	}
	return true;
}

static int take_time(uint64_t *ret_ms)
{
	if (clock_parse(optarg, ret_ms) == 0)
		return 0;
	(void)cli_refuse("'%s' is no time: 10m, 2h or 3d ago, or '2026-11-25 06:00'", optarg);
	return -EINVAL;
}

static int take_group(struct policy_plan *plan, int option)
{
	switch (option) {
	case 'g':
		return add_group(plan, "", optarg) ? 0 : -EINVAL;
	case 'D':
		return add_group(plan, "device:", optarg) ? 0 : -EINVAL;
	case 'u':
		return add_group(plan, "user:", optarg) ? 0 : -EINVAL;
	case 'p':
		if (!strcmp(optarg, "0"))
			return plan->request.limit = 0;
		return cli_number(optarg, 100, &plan->request.limit);
	default:
		return -EINVAL;
	}
}

static int take_option(struct policy_plan *plan, int option)
{
	switch (option) {
	case 'k':
		plan->key_path = optarg;
		return 0;
	case 'f':
		plan->passphrase_file = optarg;
		return 0;
	case 'd':
		return cli_number(optarg, ADMIN_DAYS_MAX, &plan->days);
	case 'v':
		return policy_version(optarg, &plan->version);
	case 'w':
		return cli_text(plan->request.why, sizeof(plan->request.why), optarg) ? 0 : -EINVAL;
	case 'n':
		plan->is_dry = true;
		return 0;
	case 's':
		return take_time(&plan->since_ms);
	default:
		return take_group(plan, option);
	}
}

int policy_plan_options(int argc, char **argv, struct policy_plan *plan)
{
	static const struct option known[] = {{"group", required_argument, NULL, 'g'},
		{"device", required_argument, NULL, 'D'}, {"user", required_argument, NULL, 'u'},
		{"percent", required_argument, NULL, 'p'}, {"key", required_argument, NULL, 'k'},
		{"passphrase-file", required_argument, NULL, 'f'},
		{"days", required_argument, NULL, 'd'}, {"version", required_argument, NULL, 'v'},
		{"dry-run", no_argument, NULL, 'n'}, {"since", required_argument, NULL, 's'},
		{"why", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*plan = (struct policy_plan){
		.request = {.type = ADMIN_POLICY_PUBLISH, .limit = 100}, .days = USUAL_DAYS};
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(cli_policy_usage, stdout), CLI_DONE;
		if (take_option(plan, option) < 0)
			return cli_usage(cli_policy_usage);
	}
	return optind + 1 == argc ? OPTIONS_GO_ON : cli_usage(cli_policy_usage);
}

static void on_next(struct json_object *object, const char *text, void *userdata)
{
	struct policy_plan *plan = userdata;

	(void)text;
	plan->next = json_number(object, "next");
	(void)snprintf(plan->tenant, sizeof(plan->tenant), "%.32s", json_text(object, "tenant"));
}

int policy_plan_next(struct policy_plan *plan)
{
	static const struct admin_request next = {.type = ADMIN_POLICY_NEXT};

	return client_ask(&next, on_next, plan);
}

struct reach {
	unsigned int now, later, spared;
};

static void on_device(struct json_object *device, const char *text, void *userdata)
{
	struct reach *reach = userdata;

	(void)text;
	if (!json_true(device, "covered")) {
		reach->spared++;
		return;
	}
	if (!json_true(device, "trusted")) {
		reach->later++;
		return;
	}
	if (reach->now++ >= SHOWN_HOSTS)
		return;
	(void)printf("  %s  ", json_text(device, "uid"));
	print_clean(json_text(device, "host"));
	if (json_number(device, "has"))
		(void)printf("  has version %llu", (unsigned long long)json_number(device, "has"));
	(void)putchar('\n');
}

int policy_plan_devices(struct policy_plan *plan)
{
	struct reach reach = {0};
	int r;

	r = policy_plan_next(plan);
	if (r != CLI_DONE)
		return r;
	plan->request.type = ADMIN_POLICY_PREVIEW;
	plan->request.number = plan->version ? plan->version : plan->next;
	print_styled(
		PRINT_BOLD, "Version %llu would go to\n", (unsigned long long)plan->request.number);
	r = client_ask(&plan->request, on_device, &reach);
	if (r != CLI_DONE)
		return r;
	if (reach.now > SHOWN_HOSTS)
		(void)printf("  and %u more\n", reach.now - SHOWN_HOSTS);
	(void)printf("devices: %u", reach.now);
	if (reach.later)
		(void)printf("; %u more once they are approved", reach.later);
	if (reach.spared)
		(void)printf("; not to %u of the same groups, as it is for %u %%", reach.spared,
			plan->request.limit);
	(void)putchar('\n');
	return CLI_DONE;
}
