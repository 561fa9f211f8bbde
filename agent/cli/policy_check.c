/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast policy check and explain: on the file, without the agent. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "policy/host/policy_report.h"
#include "policy/address.h"
#include "policy/explain.h"
#include "policy/words.h"

static const char check_usage[] =
	"usage: holdfast policy check [FILE]\n"
	"Reports every error of a policy (/etc/holdfast/policy.ini) with its file and line.\n"
	"Exit status 0 when there is none.\n";
static const char explain_usage[] =
	"usage: holdfast policy explain --as USER [--app APP] --open PATH [--then CHANNEL]\n"
	"                               [--to ADDRESS[:PORT]] [--device DEVICE] [--policy FILE]\n"
	"       holdfast policy explain --login USER [--policy FILE]\n"
	"What would happen, and which line says so.\n"
	"  --app APP      an [app] of the policy, or the path of an executable\n"
	"  --then CHANNEL removable, netshare, network, local-file, raw-disk, debug, descriptor, "
	"mount, ipc, print\n"
	"Exit status 0 when it would be allowed, 1 when not.\n";

/* NULL after saying why. */
static struct policy_compiled *load(const char *path)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();

	return files ? policy_report_load("holdfast", path, files) : NULL;
}

int cli_policy_check(int argc, char **argv)
{
	static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {0}};
	auto_call(policy_compiled_freep) struct policy_compiled *policy = NULL;
	const char *path = cli.policy_path;
	int option = getopt_long(argc, argv, "h", known, NULL);

	if (option == 'h')
		return fputs(check_usage, stdout), CLI_DONE;
	if (option >= 0 || argc - optind > 1) {
		(void)fputs(check_usage, stderr);
		return CLI_USAGE;
	}
	if (argc - optind == 1)
		path = argv[optind];
	policy = load(path);
	if (!policy)
		return CLI_REFUSED;
	policy_report_good(path, policy);
	return CLI_DONE;
}

struct question {
	struct policy_question asked;
	const char *policy_path;
	const char *user;
	const char *login;
	bool has_user;
};

static int take_user(struct question *question, const char *text)
{
	const struct passwd *user = getpwnam(text);
	char *end;
	unsigned long number;

	question->has_user = true;
	question->asked.user = text;
	if (user) {
		question->asked.uid = user->pw_uid;
		return 0;
	}
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || end == text || number > UINT32_MAX - 1) {
		(void)fprintf(stderr, "holdfast: there is no user '%s'\n", text);
		return -ENOENT;
	}
	question->asked.user = NULL;
	question->asked.uid = (uint32_t)number;
	return 0;
}

static int take_option(struct question *question, int option)
{
	switch (option) {
	case 'a':
		return take_user(question, optarg);
	case 'p':
		question->asked.app = optarg;
		return 0;
	case 'o':
		question->asked.path = optarg;
		return 0;
	case 't':
		question->asked.channel = policy_channel_parse(optarg);
		if (question->asked.channel >= 0)
			return 0;
		(void)fprintf(stderr, "holdfast: '%s' is no channel%s%s\n", optarg,
			policy_channel_nearest(optarg) ? ", did you mean " : "",
			policy_channel_nearest(optarg) ? policy_channel_nearest(optarg) : "");
		return -EINVAL;
	case 'T':
		question->asked.has_destination = true;
		question->asked.destination = optarg;
		if (policy_destination_parse(
			    optarg, question->asked.address, &question->asked.port) == 0)
			return 0;
		(void)fprintf(stderr, "holdfast: '%s' is no address\n", optarg);
		return -EINVAL;
	case 'd':
		question->asked.device = optarg;
		return 0;
	case 'l':
		question->login = optarg;
		return 0;
	case 'f':
		question->policy_path = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

static int explain(const struct question *question)
{
	auto_call(policy_compiled_freep) struct policy_compiled *policy = load(
		question->policy_path);
	auto_call(policy_answer_done) struct policy_answer answer = {0};
	int r;

	if (!policy)
		return CLI_REFUSED;
	r = policy_explain(policy, &question->asked, &answer);
	if (r < 0) {
		(void)fprintf(stderr, "holdfast: %s\n",
			r == -EINVAL   ? "--open wants an absolute path"
			: r == -ENOENT ? "the policy has no such application or device"
				       : strerror(-r));
		return r == -EINVAL ? CLI_USAGE : CLI_REFUSED;
	}
	for (size_t i = 0; i < answer.count; i++)
		(void)puts(answer.lines[i]);
	return answer.open >= HF_VERDICT_WARN || answer.then >= HF_VERDICT_WARN ? CLI_REFUSED
										: CLI_DONE;
}

int cli_policy_explain(int argc, char **argv)
{
	static const struct option known[] = {{"as", required_argument, NULL, 'a'},
		{"app", required_argument, NULL, 'p'}, {"open", required_argument, NULL, 'o'},
		{"then", required_argument, NULL, 't'}, {"to", required_argument, NULL, 'T'},
		{"device", required_argument, NULL, 'd'}, {"login", required_argument, NULL, 'l'},
		{"policy", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct question question = {.asked.channel = -1, .policy_path = cli.policy_path};
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(explain_usage, stdout), CLI_DONE;
		if (take_option(&question, option) < 0)
			return option == '?' ? (fputs(explain_usage, stderr), CLI_USAGE)
					     : CLI_USAGE;
	}
	if (optind == argc && question.login && !question.asked.path)
		return policy_explain_login(question.policy_path, question.login);
	if (optind != argc || !question.asked.path || question.login) {
		(void)fputs(explain_usage, stderr);
		return CLI_USAGE;
	}
	if (!question.has_user)
		question.asked.uid = getuid();
	return explain(&question);
}
