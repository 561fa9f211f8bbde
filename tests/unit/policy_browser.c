/* SPDX-License-Identifier: Apache-2.0 */
/* [browser]: from the text to what the engine hands on. */
#include "common/browser.h"
#include "tests/unit/policy_fixture.h"

#define OF_ACME HEAD TENANT "account = alice\n" LABEL APP "[login]\ndevice-of = acme\n" /* 1-14 */

static struct policy_compiled *compiled_of(const char *text)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	auto_call(policy_freep) struct policy *policy = NULL;
	struct policy_compiled *compiled;

	if (fixture_parse(text, &problems, &policy) < 0)
		fixture_no_problems(&problems);
	cr_assert_eq(policy_compile(policy, NULL, &problems, &compiled), 0);
	return compiled;
}

Test(policy_browser, all_browsers_unless_some_are_named)
{
	auto_call(policy_compiled_freep) struct policy_compiled *all = compiled_of(
		OF_ACME "[browser]\nsign-in-domain = acme.example, b.example\n");
	auto_call(policy_compiled_freep) struct policy_compiled *one = compiled_of(
		OF_ACME "[browser]\nsign-in-domain = acme.example\nbrowser = firefox\n");
	auto_call(policy_compiled_freep) struct policy_compiled *none = compiled_of(OF_ACME);

	cr_expect_eq(all->browser.browsers, (1U << BROWSER_MAX) - 1);
	cr_assert_eq(all->browser.domain_count, 2);
	cr_expect_str_eq(all->browser.domains[1], "b.example");
	cr_expect_eq(one->browser.browsers, 1U << BROWSER_FIREFOX);
	cr_expect_eq(none->browser.browsers, 0);
	cr_expect_eq(none->browser.domain_count, 0);
}

Test(policy_browser, what_is_wrong_is_said)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *message;
	} bads[] = {
		{OF_ACME "[browser]\nbrowser = chrome\n", 15, "without 'sign-in-domain'"},
		{OF_ACME "[browser]\nsign-in-domain = acme\n", 16, "is no domain"},
		{OF_ACME "[browser]\nsign-in-domain = a.b|c.d\n", 16, "is no domain"},
		{OF_ACME "[browser]\nsign-in-domain = a.b, .*\n", 16, "is no domain"},
		{OF_ACME "[browser]\nsign-in-domain = a.b\nbrowser = chrom\n", 17,
			"unknown browser 'chrom'"},
		{OF_ACME "[browser x]\nsign-in-domain = a.b\n", 15, "[browser] has no name"},
		{GOOD "[browser]\nsign-in-domain = a.b\n", 12, "without device-of"},
		{OF_ACME "[browser]\nsign-in-domain = a.a, b.a, c.a, d.a, e.a, f.a, g.a, h.a\n"
			 "sign-in-domain = a.b, b.b, c.b, d.b, e.b, f.b, g.b, h.b, i.b\n",
			15, "at most 16"},
	};

	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		auto_call(policy_problems_done) struct policy_problems problems = {0};
		auto_call(policy_freep) struct policy *policy = NULL;

		cr_expect_eq(fixture_parse(bads[i].text, &problems, &policy), -EBADMSG, "%zu", i);
		cr_assert_eq(problems.count, 1, "%zu: %zu", i, problems.count);
		cr_expect_eq(
			problems.items[0].line, bads[i].line, "%zu: %u", i, problems.items[0].line);
		cr_expect(strstr(problems.items[0].message, bads[i].message), "%zu: %s", i,
			problems.items[0].message);
	}
}
