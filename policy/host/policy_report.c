/* SPDX-License-Identifier: Apache-2.0 */
/* What `holdfast policy check` and `holdfast-console policy check` and publish say. */
#include "policy/host/policy_report.h"

#include <stdio.h>
#include <string.h>

#include "policy/host/policy_users.h"

static void print_problems(const struct policy_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct policy_problem *problem = &problems->items[i];

		if (problem->line)
			(void)fprintf(stderr, "%s:%u: %s", problem->file, problem->line,
				problem->message);
		else
			(void)fprintf(stderr, "%s: %s", problem->file, problem->message);
		if (problem->hint)
			(void)fprintf(stderr, " (%s)", problem->hint);
		(void)fputc('\n', stderr);
	}
	if (problems->left_out)
		(void)fprintf(stderr, "and %zu more\n", problems->left_out);
}

struct policy_compiled *policy_report_load(
	const char *program, const char *path, struct policy_files *files)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	auto_call(policy_freep) struct policy *policy = NULL;
	const struct policy_compiler compiler = {.resolve_user = policy_users_resolve};
	struct policy_compiled *compiled = NULL;
	struct policy_source source;
	size_t count;
	int r;

	policy_files_source(files, &source);
	r = policy_parse(&source, path, &problems, &policy);
	if (r == 0)
		r = policy_compile(policy, &compiler, &problems, &compiled);
	if (r == 0)
		return compiled;
	print_problems(&problems);
	count = problems.count + problems.left_out;
	if (!policy_problems_any(&problems))
		(void)fprintf(stderr, "%s: %s: %s\n", program, path, strerror(-r));
	else
		(void)fprintf(stderr, "%s: %s: %zu error%s\n", program, path, count,
			count == 1 ? "" : "s");
	return NULL;
}

void policy_report_good(const char *path, const struct policy_compiled *policy)
{
	(void)printf("%s: policy '%s' version %llu is good: %d labels, %zu applications, %zu "
		     "destinations\n",
		path, policy->name, (unsigned long long)policy->version,
		__builtin_popcountll(policy->labels), policy->app_count - 1, policy->dest_count);
}
