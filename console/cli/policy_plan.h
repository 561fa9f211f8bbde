/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a policy is to be, as the options of publish, rollback and preview say. */
#ifndef HOLDFAST_CONSOLE_CLI_POLICY_PLAN_H
#define HOLDFAST_CONSOLE_CLI_POLICY_PLAN_H

#include "console/cli/policy.h"

struct policy_plan {
	struct admin_request request; /* text: groups; limit: percent */
	const char *key_path, *passphrase_file;
	uint32_t days;
	uint64_t version; /* 0 = the next one */
	bool has_groups, is_dry;
	uint64_t since_ms; /* preview */
	uint64_t next;	   /* as the store says */
	char tenant[BUNDLE_TENANT_SIZE];
};

/* OPTIONS_GO_ON with one argument left at optind, or the enum cli_exit to leave with. */
int policy_plan_options(int argc, char **argv, struct policy_plan *plan);
/* Asks the store for the next version and the tenant. enum cli_exit. */
int policy_plan_next(struct policy_plan *plan);
/* Says which devices would get it. enum cli_exit. */
int policy_plan_devices(struct policy_plan *plan);

#endif
