/* SPDX-License-Identifier: Apache-2.0 */
/* [trust] and the labels' lease key: what they come to, and what is wrong with them. */
#include "common/lease.h"
#include "policy/explain.h"
#include "tests/unit/policy_fixture.h"

#define OPEN_LABEL "[label notes]\ntenant = acme\npath = /srv/notes\nlease = no\n"

static uint32_t lease_of(const char *value)
{
	struct policy_compiled *policy;
	char text[1024];
	uint32_t lease_s;

	(void)snprintf(text, sizeof(text), "%s[trust]\nlease = %s\n", GOOD, value);
	policy = fixture_compile(text);
	lease_s = policy->lease_s;
	policy_compiled_free(policy);
	return lease_s;
}

Test(policy_trust, without_the_section_nothing_is_leased)
{
	struct policy_compiled *policy = fixture_compile(GOOD OPEN_LABEL);

	cr_expect_eq(policy->leased, 0);
	cr_expect_eq(policy->lease_s, 0);
	policy_compiled_free(policy);
}

Test(policy_trust, every_label_is_leased_that_does_not_say_no)
{
	struct policy_compiled *policy = fixture_compile(GOOD OPEN_LABEL "[trust]\nlease = 7d\n");
	int finance = policy_label_of_name(policy, "finance");
	int notes = policy_label_of_name(policy, "notes");

	cr_assert(finance >= 0 && notes >= 0);
	cr_expect_eq(policy->leased, UINT64_C(1) << finance);
	cr_expect_eq(policy->lease_s, 7 * 86400);
	cr_expect_eq(policy->trust_place.line, 16);
	policy_compiled_free(policy);
}

Test(policy_trust, durations)
{
	cr_expect_eq(lease_of("20s"), 20);
	cr_expect_eq(lease_of("15m"), 900);
	cr_expect_eq(lease_of("8h"), 28800);
	cr_expect_eq(lease_of("366d"), POLICY_DURATION_MAX_S);
}

static uint8_t on_revoke(const char *line)
{
	struct policy_compiled *policy;
	char text[1024];
	uint8_t what;

	(void)snprintf(text, sizeof(text), "%s[trust]\nlease = 1h\n%s", GOOD, line);
	policy = fixture_compile(text);
	what = policy->on_revoke;
	policy_compiled_free(policy);
	return what;
}

Test(policy_trust, what_goes_when_the_device_is_revoked)
{
	cr_expect_eq(on_revoke(""), LEASE_ORDER_NONE);
	cr_expect_eq(on_revoke("on-revoke = keep\n"), LEASE_ORDER_NONE);
	cr_expect_eq(on_revoke("on-revoke = keys\n"), LEASE_ORDER_KEYS);
	cr_expect_eq(on_revoke("on-revoke = wipe\n"), LEASE_ORDER_WIPE);
}

Test(policy_trust, files_stay_when_their_label_does_not_say_otherwise)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD "[label notes]\ntenant = acme\npath = /srv/notes\nwipe = remove\n"
		     "[label plans]\ntenant = acme\npath = /srv/plans\nwipe = keep\n");
	int notes = policy_label_of_name(policy, "notes");

	cr_assert_geq(notes, 0);
	cr_expect_eq(policy->wiped, UINT64_C(1) << notes);
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

Test(policy_trust, what_is_wrong_is_said)
{
	static const char *const values[] = {
		"7", "0d", "d", "-1d", "7 d", "7D", "7dd", "367d", "999999999s", "4294967296s"};
	char section[64];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		(void)snprintf(section, sizeof(section), "[trust]\nlease = %s\n", values[i]);
		expect_problem(section, 13, "expected a whole number with s, m, h or d");
	}
	expect_problem("[trust]\n", 12, "[trust] without 'lease'");
	expect_problem("[trust x]\nlease = 7d\n", 12, "has no name");
	expect_problem("[trust]\nlease = 7d\n[trust]\nlease = 7d\n", 14, "second [trust]");
	expect_problem("[label notes]\ntenant = acme\nlease = 7d\n", 14, "expected no or yes");
	expect_problem(
		"[trust]\nlease = 7d\non-revoke = files\n", 14, "expected keep, keys or wipe");
	expect_problem("[label notes]\ntenant = acme\npath = /a\nwipe = yes\n", 15,
		"expected remove or keep");
}

Test(policy_trust, what_is_required_of_the_device)
{
	struct policy_compiled *policy = fixture_compile(GOOD "[trust]\nlease = 7d\n");
	char text[POSTURE_TEXT_MAX];

	cr_expect(posture_is_empty(&policy->require));
	cr_expect_eq(policy->require_place.line, 0);
	policy_compiled_free(policy);
	policy = fixture_compile(
		GOOD "[trust]\nlease = 7d\nrequire = secure-boot, lockdown "
		     "confidentiality,\n\tdisk-encryption\nrequire = not-virtual\n");
	posture_format(&policy->require, text);
	cr_expect_str_eq(text,
		"secure-boot, lockdown confidentiality, disk-encryption, not-virtual", "%s", text);
	cr_expect_eq(policy->require_place.line, 14);
	policy_compiled_free(policy);
}

Test(policy_trust, what_is_wrong_with_a_requirement_is_said)
{
	static const char *const cases[][2] = {
		{"secureboot", "expected a condition"},
		{"secure-boot on", "expected secure-boot with nothing behind it"},
		{"lockdown none", "expected lockdown, and integrity or confidentiality behind it"},
		{"lockdown = integrity", "expected lockdown, and integrity or confidentiality"},
		{"secure-boot,,lockdown", "nothing between two commas"},
	};
	char section[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(section, sizeof(section), "[trust]\nlease = 7d\nrequire = %s\n",
			cases[i][0]);
		expect_problem(section, 14, cases[i][1]);
	}
	expect_problem("[trust]\nrequire = secure-boot\n", 12, "[trust] without 'lease'");
}

Test(policy_trust, explain_says_on_what_it_hangs)
{
	struct policy_compiled *policy = fixture_compile(GOOD OPEN_LABEL "[trust]\nlease = 7d\n");
	struct policy_question question = {
		.uid = 1000, .app = "vim", .path = "/srv/finance/a", .channel = -1};
	struct policy_answer answer = {0};
	unsigned int said = 0;

	cr_assert_eq(policy_explain(policy, &question, &answer), 0);
	for (size_t i = 0; i < answer.count; i++)
		said += strstr(answer.lines[i], "says that this device is trusted (test.ini:16)") !=
			NULL;
	cr_expect_eq(said, 1);
	policy_answer_done(&answer);
	question.path = "/srv/notes/a";
	answer = (struct policy_answer){0};
	cr_assert_eq(policy_explain(policy, &question, &answer), 0);
	for (size_t i = 0; i < answer.count; i++)
		cr_expect_null(strstr(answer.lines[i], "trusted"), "%s", answer.lines[i]);
	policy_answer_done(&answer);
	policy_compiled_free(policy);
}
