/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console policy publish, rollback: compiled, packed and signed here, kept by the store. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "console/cli/policy.h"
#include "policy/host/policy_report.h"

#define USUAL_DAYS 365
#define DAY_S	   86400

struct plan {
	struct admin_request request; /* for whom */
	const char *key_path, *passphrase_file;
	uint32_t days;
	uint64_t version; /* 0 = the next one */
	bool has_groups;
	uint64_t next; /* as the store says */
	char tenant[BUNDLE_TENANT_SIZE];
};

static bool add_group(struct plan *plan, const char *tag)
{
	char *text = plan->request.text;
	size_t used = strlen(text);

	plan->has_groups = true;
	if (!*tag || strchr(tag, ' ') ||
		(size_t)snprintf(text + used, sizeof(plan->request.text) - used, "%s%s",
			used ? " " : "", tag) >= sizeof(plan->request.text) - used) {
		(void)cli_refuse("'%.60s': no tag, or too many of them", tag);
		return false;
	}
	return true;
}

static int take_option(struct plan *plan, int option)
{
	switch (option) {
	case 'g':
		return add_group(plan, optarg) ? 0 : -EINVAL;
	case 'p':
		if (!strcmp(optarg, "0"))
			return plan->request.limit = 0;
		return cli_number(optarg, 100, &plan->request.limit);
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
	default:
		return -EINVAL;
	}
}

/* OPTIONS_GO_ON with one argument left at optind. */
static int parse_options(int argc, char **argv, struct plan *plan)
{
	static const struct option known[] = {{"group", required_argument, NULL, 'g'},
		{"percent", required_argument, NULL, 'p'}, {"key", required_argument, NULL, 'k'},
		{"passphrase-file", required_argument, NULL, 'f'},
		{"days", required_argument, NULL, 'd'}, {"version", required_argument, NULL, 'v'},
		{"why", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*plan = (struct plan){
		.request = {.type = ADMIN_POLICY_PUBLISH, .limit = 100}, .days = USUAL_DAYS};
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(cli_policy_usage, stdout), CLI_DONE;
		if (take_option(plan, option) < 0)
			return cli_usage(cli_policy_usage);
	}
	return optind + 1 == argc ? OPTIONS_GO_ON : cli_usage(cli_policy_usage);
}

static void take_next(struct json_object *object, const char *text, void *userdata)
{
	struct plan *plan = userdata;

	(void)text;
	plan->next = json_number(object, "next");
	(void)snprintf(plan->tenant, sizeof(plan->tenant), "%.32s", json_text(object, "tenant"));
}

static void say(struct json_object *object, const char *text, void *userdata)
{
	(void)object;
	(void)text;
	(void)userdata; /* the answer has no lines */
}

/* Signs what is packed, and hands it over. */
static int publish(struct plan *plan, const struct signing_key *key, struct bundle *bundle)
{
	static const struct admin_request next = {.type = ADMIN_POLICY_NEXT};
	auto_free uint8_t *bytes = NULL;
	auto_close int fd = -EBADF;
	size_t size;
	int r;

	r = client_ask(&next, take_next, plan);
	if (r != CLI_DONE)
		return r;
	(void)snprintf(bundle->tenant, sizeof(bundle->tenant), "%s", plan->tenant); /* as large */
	bundle->version = plan->version ? plan->version : plan->next;
	bundle->made_s = clock_day_ms() / 1000;
	bundle->expires_s = bundle->made_s + (uint64_t)plan->days * DAY_S;
	r = bundle_write(bundle, key, &bytes, &size);
	if (r == -EFBIG)
		return cli_refuse("the policy is larger than %d bytes with all it includes",
			BUNDLE_PACKED_MAX);
	if (r < 0)
		return cli_refuse("cannot sign the policy: %s", strerror(-r));
	fd = file_in_memory("holdfast-policy", bytes, size);
	if (fd < 0)
		return cli_refuse("cannot hand the policy over: %s", strerror(-fd));
	signing_key_compare(key);
	return client_ask_with(&plan->request, fd, NULL, say, NULL);
}

int cli_policy_publish(int argc, char **argv)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	auto_free uint8_t *packed = NULL;
	struct bundle bundle = {0};
	static struct plan plan;
	int r;

	r = parse_options(argc, argv, &plan);
	if (r != OPTIONS_GO_ON)
		return r;
	compiled = files ? policy_report_load("holdfast-console", argv[optind], files) : NULL;
	if (!compiled)
		return CLI_REFUSED;
	r = policy_files_pack(files, &packed, &bundle.packed_size);
	if (r < 0)
		return cli_refuse("cannot pack the policy: %s", strerror(-r));
	bundle.packed = packed;
	(void)snprintf(bundle.name, sizeof(bundle.name), "%s", compiled->name); /* cut */
	key = signing_key_open(plan.key_path, plan.passphrase_file);
	return key ? publish(&plan, key, &bundle) : CLI_REFUSED;
}

/*
 * What comes from the database is signed again only when this very key signed it before: who has
 * the database must not get a signature for what nobody wrote.
 */
static int check_signature(const struct policy_kept *kept, const struct signing_key *key)
{
	const struct bundle_terms terms = {.key = key, .tenant = ""};
	enum bundle_verdict verdict = bundle_verify(&kept->bundle, kept->bytes, &terms);

	if (verdict == BUNDLE_GOOD)
		return CLI_DONE;
	return cli_refuse("version %llu is not signed again: %s. Publish its file instead",
		(unsigned long long)kept->bundle.version, bundle_verdict_text(verdict));
}

int cli_policy_rollback(int argc, char **argv)
{
	auto_call(policy_kept_done) struct policy_kept kept = {0};
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	struct bundle bundle = {0};
	static struct plan plan;
	int r;

	r = parse_options(argc, argv, &plan);
	if (r != OPTIONS_GO_ON)
		return r;
	if (policy_version(argv[optind], &plan.request.number) < 0)
		return cli_usage(cli_policy_usage);
	r = policy_fetch(plan.request.number, &kept);
	if (r != CLI_DONE)
		return r;
	if (!plan.has_groups)
		(void)cli_text(plan.request.text, sizeof(plan.request.text),
			json_text(kept.about, "groups")); /* as long as it was there */
	key = signing_key_open(plan.key_path, plan.passphrase_file);
	r = key ? check_signature(&kept, key) : CLI_REFUSED;
	if (r != CLI_DONE)
		return r;
	bundle.packed = kept.bundle.packed;
	bundle.packed_size = kept.bundle.packed_size;
	memcpy(bundle.name, kept.bundle.name, sizeof(bundle.name));
	return publish(&plan, key, &bundle);
}
