/* SPDX-License-Identifier: Apache-2.0 */
/* [verify] and the labels' verify keys: what they come to, and what is wrong with them. */
#include "common/verification.h"
#include "policy/explain.h"
#include "tests/unit/policy_fixture.h"

#define MORE(name, keys) "[label " name "]\ntenant = acme\npath = /srv/" name "\n" keys
#define METHOD(method)	 (1U << VERIFY_##method)
#define CAUSE(cause)	 (1U << VERIFY_CAUSE_##cause)

static uint64_t bit_of(const struct policy_compiled *policy, const char *name)
{
	int bit = policy_label_of_name(policy, name);

	cr_assert(bit >= 0, "%s", name);
	return UINT64_C(1) << bit;
}

Test(policy_verify, without_the_key_nobody_is_asked)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	cr_expect_eq(policy->verification.labels, 0);
	cr_expect_eq(policy->verification.methods, 0);
	policy_compiled_free(policy);
}

Test(policy_verify, labels_of_one_kind_share_a_slot)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD MORE("a", "verify = password, totp\nverify-grace = 15m\n")
			MORE("b", "verify = totp, password\nverify-grace = 900s\n")
				MORE("c", "verify = totp\nverify-grace = 15m\n")
					MORE("d", "verify = security-key\n"));
	const struct policy_verification *verification = &policy->verification;

	cr_expect_eq(verification->slots[0].labels, bit_of(policy, "a") | bit_of(policy, "b"));
	cr_expect_eq(verification->slots[0].methods, METHOD(PASSWORD) | METHOD(TOTP));
	cr_expect_eq(verification->slots[0].grace_s, 900);
	cr_expect_eq(verification->slots[1].labels, bit_of(policy, "c"));
	cr_expect_eq(verification->slots[1].methods, METHOD(TOTP));
	cr_expect_eq(verification->slots[2].labels, bit_of(policy, "d"));
	cr_expect_eq(verification->slots[2].grace_s, POLICY_VERIFY_GRACE_S);
	cr_expect_eq(verification->slots[3].labels, 0);
	cr_expect_eq(verification->labels, bit_of(policy, "a") | bit_of(policy, "b") |
						   bit_of(policy, "c") | bit_of(policy, "d"));
	cr_expect_eq(verification->methods, METHOD(PASSWORD) | METHOD(TOTP) | METHOD(SECURITY_KEY));
	policy_compiled_free(policy);
}

static unsigned int ends_of(const char *keys)
{
	struct policy_compiled *policy;
	char text[2048];
	unsigned int ends;

	(void)snprintf(
		text, sizeof(text), "%s%s[verify]\n%s", GOOD, MORE("a", "verify = totp\n"), keys);
	policy = fixture_compile(text);
	ends = policy->verification.ends;
	policy_compiled_free(policy);
	return ends;
}

Test(policy_verify, what_ends_it)
{
	const unsigned int always = CAUSE(LOCK) | CAUSE(SUSPEND) | CAUSE(SWITCH);

	cr_expect_eq(ends_of(""), always);
	cr_expect_eq(ends_of("idle = 10m\n"), always | CAUSE(IDLE));
	cr_expect_eq(ends_of("ends = lock\n"), CAUSE(LOCK));
	cr_expect_eq(ends_of("ends = lock, idle\nidle = 10m\n"), CAUSE(LOCK) | CAUSE(IDLE));
	cr_expect_eq(ends_of("ends = none\n"), 0);
}

Test(policy_verify, who_never_verifies_and_the_page)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD MORE("a", "verify = page\n") "[verify]\nexcept-user = 0, 990, 990000\n"
						  "page-issuer = https://id.acme.example/realm\n"
						  "page-client = holdfast\n"
						  "page-domain = acme.example\n"
						  "page-ca = /etc/ssl/acme.pem\n");
	const struct policy_verification *verification = &policy->verification;

	cr_assert_eq(verification->except_count, 3);
	cr_expect_eq(verification->except_uids[0], 0);
	cr_expect_eq(verification->except_uids[2], 990000);
	cr_expect_str_eq(verification->page_issuer, "https://id.acme.example/realm");
	cr_expect_str_eq(verification->page_client, "holdfast");
	cr_expect_null(verification->page_claim);
	cr_expect_not(verification->drops_keys);
	cr_expect_str_eq(verification->page_domain, "acme.example");
	cr_expect_str_eq(verification->page_ca, "/etc/ssl/acme.pem");
	policy_compiled_free(policy);
}

Test(policy_verify, keys_may_leave_meanwhile)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD MORE("a", "verify = totp\n") "[verify]\ndrop-keys = yes\n");

	cr_expect(policy->verification.drops_keys);
	policy_compiled_free(policy);
}

Test(policy_verify, explain_says_it)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD MORE("a", "verify = password, totp\nverify-grace = 15m\n"));
	const struct policy_question question = {.path = "/srv/a/x", .uid = 1000};
	struct policy_answer answer;
	bool is_said = false;

	cr_assert_eq(policy_explain(policy, &question, &answer), 0);
	for (size_t i = 0; i < answer.count; i++)
		is_said |= strstr(answer.lines[i],
				   "verified by one of password, totp, for 900 s") != NULL;
	cr_expect(is_said);
	policy_answer_done(&answer);
	policy_compiled_free(policy);
}

/* The text behind GOOD begins in line 12. */
static void expect_problem(const char *more, unsigned int line, const char *words)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	char text[4096];

	(void)snprintf(text, sizeof(text), "%s%s", GOOD, more);
	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG, "%s", more);
	cr_assert_eq(problems.count, 1, "%s: %zu, %s, %s", more, problems.count,
		problems.items[0].message, problems.items[1].message);
	cr_expect_eq(problems.items[0].line, line, "%s: %u", more, problems.items[0].line);
	cr_expect(strstr(problems.items[0].message, words), "%s", problems.items[0].message);
	policy_problems_done(&problems);
}

#define PAGE "[verify]\npage-issuer = https://id.example\npage-client = x\n"

Test(policy_verify, what_is_wrong_is_said)
{
	expect_problem(MORE("a", "verify = pin\n"), 15, "expected password, totp, security-key");
	expect_problem(MORE("a", "verify = totp, totp\n"), 15, "twice");
	expect_problem(MORE("a", "verify-grace = 15m\n"), 15, "without verify");
	expect_problem(MORE("a", "verify = totp\nverify-grace = 15\n"), 16, "whole number");
	expect_problem(MORE("a", "verify = page\n"), 15, "page-issuer and page-client");
	expect_problem(PAGE, 12, "[verify] is never used");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\nends = lock, sleep\n", 17,
		"expected lock, suspend, idle, switch or none");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\nends = none, lock\n", 17, "beside");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\nends = lock, none\n", 17, "beside");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\nends = idle\n", 16, "how long");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\nends = lock\nidle = 5m\n", 16,
		"does not name it");
	expect_problem(
		MORE("a", "verify = totp\n") "[verify]\npage-issuer = http://x\n", 17, "https://");
	expect_problem(
		MORE("a", "verify = totp\n") "[verify]\npage-client = a b\n", 17, "one word");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\ndrop-keys = perhaps\n", 17, "yes");
	expect_problem(MORE("a", "verify = totp\n") "[verify]\npage-ca = ca.pem\n", 17, "absolute");
	expect_problem(MORE("a", "verify = totp\n") "[verify x]\n", 16, "has no name");
}

/* Labels that differ in nothing need no room of their own: the fifth pair is the first too many. */
Test(policy_verify, at_most_four_different_pairs)
{
	const char *five = MORE("a", "verify = totp\nverify-grace = 1m\n")
		MORE("b", "verify = totp\nverify-grace = 2m\n")
			MORE("c", "verify = totp\nverify-grace = 3m\n")
				MORE("d", "verify = totp\nverify-grace = 4m\n")
					MORE("e", "verify = totp\nverify-grace = 60s\n")
						MORE("f", "verify = totp\nverify-grace = 5m\n");

	expect_problem(five, 41, "at most 4 different ones");
}
