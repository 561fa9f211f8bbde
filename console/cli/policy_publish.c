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
#include "console/cli/policy_history.h"
#include "console/cli/policy_plan.h"
#include "policy/host/policy_report.h"

#define DAY_S	     86400
#define PREVIEW_DAYS 7

static void say(struct json_object *object, const char *text, void *userdata)
{
	(void)object;
	(void)text;
	(void)userdata; /* the answer has no lines */
}

/* Signs what is packed, and hands it over. */
static int publish(struct policy_plan *plan, const struct signing_key *key, struct bundle *bundle)
{
	auto_free uint8_t *bytes = NULL;
	auto_close int fd = -EBADF;
	size_t size;
	int r;

	r = policy_plan_next(plan);
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

/* OPTIONS_GO_ON with the policy that is named, or what to exit with. */
static int begin(int argc, char **argv, struct policy_plan *plan, struct policy_files *files,
	struct policy_compiled **ret_compiled)
{
	int r = policy_plan_options(argc, argv, plan);

	if (r != OPTIONS_GO_ON)
		return r;
	*ret_compiled = files ? policy_report_load("holdfast-console", argv[optind], files) : NULL;
	return *ret_compiled ? OPTIONS_GO_ON : CLI_REFUSED;
}

int cli_policy_publish(int argc, char **argv)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	auto_free uint8_t *packed = NULL;
	struct bundle bundle = {0};
	static struct policy_plan plan;
	int r;

	r = begin(argc, argv, &plan, files, &compiled);
	if (r != OPTIONS_GO_ON)
		return r;
	if (plan.is_dry)
		return policy_plan_devices(&plan);
	r = policy_files_pack(files, &packed, &bundle.packed_size);
	if (r < 0)
		return cli_refuse("cannot pack the policy: %s", strerror(-r));
	bundle.packed = packed;
	(void)snprintf(bundle.name, sizeof(bundle.name), "%s", compiled->name); /* cut */
	bundle.require = compiled->require;
	key = signing_key_open(plan.key_path, plan.passphrase_file);
	return key ? publish(&plan, key, &bundle) : CLI_REFUSED;
}

/* Which devices would get it, and what it would have said of what they did. */
int cli_policy_preview(int argc, char **argv)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	static struct policy_plan plan;
	int r;

	r = begin(argc, argv, &plan, files, &compiled);
	if (r != OPTIONS_GO_ON)
		return r;
	if (!plan.since_ms)
		plan.since_ms = clock_day_ms() - UINT64_C(1000) * DAY_S * PREVIEW_DAYS;
	r = policy_plan_devices(&plan);
	return r == CLI_DONE ? history_show(compiled, plan.since_ms) : r;
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
	static struct policy_plan plan;
	int r;

	r = policy_plan_options(argc, argv, &plan);
	if (r != OPTIONS_GO_ON)
		return r;
	if (policy_version(argv[optind], &plan.request.number) < 0)
		return cli_usage(cli_policy_usage);
	if (plan.is_dry)
		return cli_refuse("a rollback has no dry run: 'policy preview' takes a file"),
		       CLI_USAGE;
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
	bundle.require = kept.bundle.require;
	bundle.packed_size = kept.bundle.packed_size;
	memcpy(bundle.name, kept.bundle.name, sizeof(bundle.name));
	return publish(&plan, key, &bundle);
}
