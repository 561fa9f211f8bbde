/* SPDX-License-Identifier: Apache-2.0 */
/* [protection]: what its keys come to, and what holds without them. */
#include "tests/unit/policy_fixture.h"

#include "policy/protection.h"

Test(policy_protection, without_a_section_all_is_recorded)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	for (unsigned int i = 0; i < HF_PROTECTION_MAX; i++) {
		cr_expect_eq(policy->gates.protect[i], HF_VERDICT_AUDIT, "%u", i);
		cr_expect(policy_protection_name(i), "%u", i);
	}
	cr_expect_eq(policy->gates.clock_tolerance_s, POLICY_CLOCK_TOLERANCE_S);
	cr_expect_not(policy->is_self_given);
	cr_expect_null(policy_protection_name(HF_PROTECTION_MAX));
	policy_compiled_free(policy);
}

Test(policy_protection, each_key_is_its_own)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD "[protection]\nself = block\nmodules = allow\nkexec = block\n"
		     "raw-disk = allow\nclock = block\nclock-tolerance = 0\n"
		     "tracing = allow\nbpf = block\nswap = allow\n");
	static const uint8_t wanted[HF_PROTECTION_MAX] = {HF_VERDICT_BLOCK, HF_VERDICT_ALLOW,
		HF_VERDICT_BLOCK, HF_VERDICT_ALLOW, HF_VERDICT_BLOCK, HF_VERDICT_ALLOW,
		HF_VERDICT_BLOCK, HF_VERDICT_ALLOW};

	cr_expect_eq(memcmp(policy->gates.protect, wanted, sizeof(wanted)), 0);
	cr_expect_eq(policy->gates.clock_tolerance_s, 0);
	cr_expect(policy->is_self_given);
	policy_compiled_free(policy);
}

/* The section is line 12. */
static void expect_problem(const char *section, unsigned int line, const char *words)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s%s", GOOD, section);
	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG, "%s", section);
	cr_assert_eq(problems.count, 1, "%s: %zu", section, problems.count);
	cr_expect_eq(problems.items[0].line, line, "%s: %u", section, problems.items[0].line);
	cr_expect(strstr(problems.items[0].message, words), "%s", problems.items[0].message);
	policy_problems_done(&problems);
}

Test(policy_protection, what_is_wrong_is_said)
{
	expect_problem("[protection]\nself = warn\n", 13, "expected allow, audit or block");
	expect_problem("[protection]\nself = yes\n", 13, "expected allow, audit or block");
	expect_problem("[protection]\nswap = block\n", 13, "expected allow or audit");
	expect_problem("[protection]\nclock-tolerance = 99999\n", 13, "from 0 to 86400");
	expect_problem("[protection]\nclock-tolerance = -1\n", 13, "from 0 to 86400");
	expect_problem("[protection]\nself = block\nself = audit\n", 14, "second 'self'");
	expect_problem("[protection]\nmodule = block\n", 13, "unknown key 'module'");
	expect_problem("[protection x]\nself = block\n", 12, "has no name");
	expect_problem("[protection]\nself = block\n[protection]\n", 14, "second [protection]");
}
