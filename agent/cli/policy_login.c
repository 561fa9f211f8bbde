/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast policy explain --login: whose account it is, and where it may log in; on the file. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"
#include "common/login_book.h"
#include "policy/host/policy_report.h"
#include "policy/login.h"

#define UID_UNKNOWN 65533 /* of an account that this machine does not know: a person's */

static int gid_of(const char *name, uint32_t *ret_gid, void *userdata)
{
	const struct group *group = getgrnam(name);

	(void)userdata; /* this machine's groups */
	if (!group) {
		(void)fprintf(stderr, "holdfast: there is no group '%s' on this machine\n", name);
		return -ENOENT;
	}
	*ret_gid = group->gr_gid;
	return 0;
}

static void print_kind(
	const struct policy_compiled *policy, const struct login_found *found, const char *account)
{
	const struct policy_account *line = policy_login_account(policy, found->account);

	switch (found->kind) {
	case LOGIN_ROOT:
		(void)printf("%s is root: it logs in always\n", account);
		break;
	case LOGIN_BREAK_GLASS:
		(void)printf("%s is an account for emergencies: it logs in always (%s:%u)\n",
			account, policy->login.place.file, policy->login.place.line);
		break;
	case LOGIN_ORGANISATION:
		(void)printf("%s is an account of %s: account = %s (%s:%u)\n", account,
			found->title, line ? line->text : "", line ? line->place.file : "",
			line ? line->place.line : 0);
		break;
	case LOGIN_SYSTEM:
		(void)printf("%s is an account of the system: it is not asked about\n", account);
		break;
	case LOGIN_OTHER:
		(void)printf("%s is nobody's that the policy knows\n", account);
		break;
	}
}

static void print_verdict(const char *when, const struct policy_compiled *policy,
	const struct login_found *found, const char *account, bool is_trusted)
{
	enum login_verdict verdict = login_judge(found, is_trusted);
	char words[1024];

	(void)printf("  %s: %s", when, verdict == LOGIN_LET_IN ? "logs in" : "refused");
	if (verdict == LOGIN_REFUSED_TRUST && policy->trust_place.line)
		(void)printf(" (%s:%u)", policy->trust_place.file, policy->trust_place.line);
	if ((verdict == LOGIN_REFUSED_TENANT || verdict == LOGIN_REFUSED_OTHER) &&
		policy->login.owner_place.line)
		(void)printf(
			" (%s:%u)", policy->login.owner_place.file, policy->login.owner_place.line);
	(void)putchar('\n');
	if (verdict == LOGIN_LET_IN)
		return;
	login_say(found, verdict, account, "why is said here", words, sizeof(words));
	(void)printf("    the user reads: %s\n", words);
}

int policy_explain_login(const char *path, const char *account)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_compiled_freep) struct policy_compiled *policy = NULL;
	const struct passwd *user = getpwnam(account);
	uint32_t groups[LOGIN_GROUPS_MAX];
	gid_t gids[LOGIN_GROUPS_MAX];
	int count = LOGIN_GROUPS_MAX;
	struct login_who who = {account, user ? user->pw_uid : UID_UNKNOWN, groups, 0, "login"};
	struct login_found found;
	auto_free char *book = NULL;
	size_t size;

	policy = files ? policy_report_load("holdfast", path, files) : NULL;
	if (!policy || policy_login_book(policy, gid_of, NULL, &book, &size) < 0)
		return CLI_REFUSED;
	if (user && getgrouplist(account, user->pw_gid, gids, &count) >= 0)
		who.group_count = (size_t)count;
	for (size_t i = 0; i < who.group_count; i++)
		groups[i] = gids[i];
	if (login_book_find(book, size, &who, &found) < 0)
		return CLI_REFUSED;
	print_kind(policy, &found, account);
	print_verdict("on a trusted device", policy, &found, account, true);
	print_verdict("on one that is not", policy, &found, account, false);
	return login_judge(&found, true) == LOGIN_LET_IN ? CLI_DONE : CLI_REFUSED;
}
