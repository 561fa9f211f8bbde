/* SPDX-License-Identifier: Apache-2.0 */
/* export.ini: what is taken, and that every mistake is said with its line and the nearest word. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/exporter/config.h"

static struct config config;
static struct policy_problems problems;

static int parse(const char *text)
{
	policy_problems_done(&problems);
	return config_parse(text, strlen(text), "export.ini", &config, &problems);
}

static void expect_problem(const char *text, unsigned int line, const char *words, const char *hint)
{
	bool is_said = false;

	cr_expect_eq(parse(text), -EINVAL, "taken: %s", text);
	for (size_t i = 0; i < problems.count; i++) {
		const struct policy_problem *problem = &problems.items[i];

		is_said |= problem->line == line && strstr(problem->message, words) &&
			   (!hint || (problem->hint && !strcmp(problem->hint, hint)));
	}
	cr_expect(is_said, "not said of line %u: %s; but of line %u: %s (%s)", line, words,
		problems.count ? problems.items[0].line : 0,
		problems.count ? problems.items[0].message : "nothing",
		problems.count && problems.items[0].hint ? problems.items[0].hint : "");
}

Test(export_config, takes_all_keys)
{
	const struct config_output *output;

	cr_assert_eq(
		parse("# comment\n[file a]\npath = /x/y\nrotate-size = 10M\nkeep = 3\n"
		      "severity = medium\nverdict = refused\nclass = file, 4001\nstart = first\n"
		      "[syslog b]\nserver = log.example.org\nca = /ca\ncertificate = /c\n"
		      "key = /k\nfacility = local3\nenterprise = 99\nresend = 3s\n"
		      "[kafka c]\nbrokers = k1:9093,k2:9093\ntopic = holdfast.events\nca = /ca\n"),
		0, "%s", problems.count ? problems.items[0].message : "");
	cr_assert_eq(config.count, 3);
	output = config_find(&config, "a");
	cr_assert(output);
	cr_expect_eq(output->rotate_bytes, 10 << 20);
	cr_expect_eq(output->keep, 3);
	cr_expect_eq(output->filter.severity_min, 3);
	cr_expect_eq(output->filter.verdict_min, 3);
	cr_expect_eq(output->filter.verdict_max, 4);
	cr_expect_eq(output->filter.class_count, 2);
	cr_expect_eq(output->filter.classes[0], 1001);
	cr_expect_eq(output->filter.classes[1], 4001);
	cr_expect(output->is_from_first);
	output = config_find(&config, "b");
	cr_assert(output);
	cr_expect_str_eq(output->host, "log.example.org");
	cr_expect_str_eq(output->server_name, "log.example.org");
	cr_expect_str_eq(output->port, "6514");
	cr_expect_eq(output->facility, 19);
	cr_expect_eq(output->resend_ms, 3000);
	output = config_find(&config, "c");
	cr_assert(output);
	cr_expect(!output->is_plain);
	cr_expect_null(config_find(&config, "d"));
}

Test(export_config, servers)
{
	static const struct {
		const char *text, *host, *port;
	} rows[] = {{"h:1", "h", "1"}, {"h", "h", "6514"}, {"[::1]:99", "::1", "99"},
		{"[::1]", "::1", "6514"}, {"fe80::1", "fe80::1", "6514"}};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(
			text, sizeof(text), "[syslog a]\nca = /c\nserver = %s\n", rows[i].text);
		cr_assert_eq(parse(text), 0, "%s", rows[i].text);
		cr_expect_str_eq(config.outputs[0].host, rows[i].host, "%s", rows[i].text);
		cr_expect_str_eq(config.outputs[0].port, rows[i].port, "%s", rows[i].text);
	}
	expect_problem("[syslog a]\nca = /c\nserver = h:0\n", 3, "no port", NULL);
	expect_problem("[syslog a]\nca = /c\nserver = h:65536\n", 3, "no port", NULL);
	expect_problem("[syslog a]\nca = /c\nserver = :514\n", 3, "no server", NULL);
	expect_problem("[syslog a]\nca = /c\nserver = a@b\n", 3, "no server", NULL);
}

Test(export_config, every_mistake_has_its_line)
{
	expect_problem("[fil a]\npath = /x\n", 1, "no such section", "file");
	expect_problem("[file]\npath = /x\n", 1, "is no name", NULL);
	expect_problem("[file A]\npath = /x\n", 1, "is no name", NULL);
	expect_problem("[file a]\npath = /x\n[file a]\npath = /y\n", 3, "already", NULL);
	expect_problem("[file a]\n", 1, "no 'path'", NULL);
	expect_problem("[file a]\npath = /x\n[file b]\npath = /x\n", 3, "already", NULL);
	expect_problem("[file a]\npath = x\n", 2, "no path", NULL);
	expect_problem("[file a]\npaht = /x\n", 2, "no such key", "path");
	expect_problem("[file a]\npath = /x\npath = /y\n", 3, "second time", NULL);
	expect_problem("[file a]\npath = /x\nfacility = user\n", 3, "no such key", NULL);
	expect_problem("[file a]\npath = /x\nrotate-size = 10\n", 3, "no size", NULL);
	expect_problem("[file a]\npath = /x\nrotate-size = 0M\n", 3, "no size", NULL);
	expect_problem("[file a]\npath = /x\nseverity = meduim\n", 3, "no severity", "medium");
	expect_problem("[file a]\npath = /x\nclass = file, fiel\n", 3, "no class", "file");
	expect_problem("[file a]\npath = /x\nstart = then\n", 3, "no start", NULL);
	expect_problem("[syslog a]\nserver = h\n", 1, "no 'ca'", NULL);
	expect_problem("[syslog a]\nserver = h\nca = /c\nkey = /k\n", 1, "go together", NULL);
	expect_problem("[syslog a]\nserver = h\nca = /c\nresend = 5\n", 4, "no time", NULL);
	expect_problem("[syslog a]\nserver = h\nca = /c\nresend = 5000s\n", 4, "no number", NULL);
	expect_problem("[kafka a]\nbrokers = b\ntopic = t\n", 1, "no 'ca'", NULL);
	expect_problem("[kafka a]\nbrokers = b\ntopic = a b\nca = /c\n", 3, "no topic", NULL);
	expect_problem(
		"[kafka a]\nbrokers = b\ntopic = t\ntls = no\nca = /c\n", 1, "tls = no", NULL);
	expect_problem("path = /x\n", 1, "before the first", NULL);
}

Test(export_config, there_is_an_end_to_outputs)
{
	char text[4096] = "";
	size_t used = 0;

	for (int i = 0; i <= EXPORT_OUTPUT_MAX; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "[file f%d]\npath = /%d\n", i, i);
	expect_problem(text, 2 * EXPORT_OUTPUT_MAX + 1, "more than", NULL);
	cr_expect_eq(config.count, EXPORT_OUTPUT_MAX);
}
