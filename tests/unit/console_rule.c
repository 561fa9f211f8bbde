/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that approve devices: what they say, when they hold, and that nothing else is approved. */
#include "tests/unit/console_fixture.h"

#include <errno.h>

#include "console/store/rule.h"

TestSuite(console_rule, .init = fixture_begin, .fini = fixture_end);

static struct store_device pc = {.host = "WS-17", .owner = "enterprise"};
static const struct device_record record = {
	.facts = {[FACT_SERIAL] = "PF3ABC", [FACT_TPM] = "yes", [FACT_SECURE_BOOT] = "on"}};

static bool matches_from(const char *text, const char *address)
{
	static struct rule rule;
	const char *why = "";

	cr_assert_eq(rule_parse(text, &rule, &why), 0, "%s: %s", text, why);
	return rule_matches(&rule, &(const struct rule_subject){&pc, address, &record});
}

Test(console_rule, holds_when_all_of_it_does)
{
	static const struct {
		const char *text;
		bool holds;
	} rows[] = {
		{"host=ws-*\n", true}, /* names of hosts have no case */
		{"host=srv-*\n", false},
		{"host=ws-??\n", true},
		{"host=ws-?\n", false},
		{"owner=enterprise\n", true},
		{"owner=personal\n", false},
		{"network=192.0.2.0/24\n", true},
		{"network=192.0.3.0/24\n", false},
		{"network=192.0.2.7/32\n", true},
		{"network=192.0.2.6/32\n", false},
		{"network=0.0.0.0/0\n", true},
		{"network=192.0.2.4/30\n", true},
		{"network=2001:db8::/32\n", false},
		{"network=::/0\n", true},
		{"tpm=yes\n", true},
		{"tpm=no\n", false},
		{"root_encrypted=yes\n", false}, /* not known is not yes */
		{"tpm=yes\nsecure_boot=on\nhost=ws-*\n", true},
		{"tpm=yes\nsecure_boot=off\nhost=ws-*\n", false},
		{"serials=2\nPF1\npf3abc\n", true},
		{"serials=1\nPF3ABCD\n", false},
		{"serials=1\nPF3AB\n", false},
		{"serials=0\n", false},
		{"host=ws-*\nserials=1\nPF3ABC\n", true},
		{"host=srv-*\nserials=1\nPF3ABC\n", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(
			matches_from(rows[i].text, "192.0.2.7"), rows[i].holds, "%s", rows[i].text);
	cr_expect(matches_from("network=2001:db8::/33\n", "2001:db8:7fff::1"));
	cr_expect_not(matches_from("network=2001:db8::/33\n", "2001:db8:8000::1"));
	cr_expect_not(matches_from("network=0.0.0.0/0\n", "2001:db8::1"));
	cr_expect_not(matches_from("network=0.0.0.0/0\n", "?"));
}

/* A device without a serial number is in no list, not even in one with an empty line. */
Test(console_rule, nothing_is_no_serial_number)
{
	static const struct device_record none;
	struct rule rule;
	const char *why;

	cr_assert_eq(rule_parse("serials=1\n\n", &rule, &why), 0);
	cr_expect_not(rule_matches(&rule, &(const struct rule_subject){&pc, "192.0.2.7", &none}));
}

Test(console_rule, what_is_none_is_refused)
{
	static const char *const bad[] = {"", "\n", "host=ws-*", "host\n", "host=\n", "=x\n",
		"nothing=x\n", "boot=x\n", "boots=x\n", "network=10.0.0.0\n", "network=10.0.0.0/\n",
		"network=10.0.0.0/33\n", "network=::/129\n", "network=x/8\n",
		"network=10.0.0.0/-1\n", "network=10.0.0.0/8x\n", "owner=me\n", "host=*****\n",
		"serials=x\n", "serials=-1\n", "serials=2\nA\n", "serials=1\nA",
		"serials=1\nA\nB\n"};
	struct rule rule;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		cr_expect_eq(rule_parse(bad[i], &rule, &why), -EBADMSG, "%s", bad[i]);
		cr_expect(why, "%s", bad[i]);
	}
}

Test(console_rule, are_kept_by_name)
{
	char names[RULES_MAX * RULE_NAME_SIZE];
	const char *text;

	FIXTURE_DO(rule_add(fixture_store, "a", "tpm=yes\n"));
	FIXTURE_DO(rule_add(fixture_store, "ab", "tpm=no\n"));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(rule_add(fixture_store, "a", "tpm=no\n"), -EEXIST);
	cr_expect_eq(rule_remove(fixture_store, "b"), -ENOENT);
	store_rollback(fixture_store);
	FIXTURE_DO(rule_names(fixture_store, names));
	cr_expect_str_eq(names, "a\nab\n");
	FIXTURE_DO(rule_text(fixture_store, "a", &text));
	cr_expect_str_eq(text, "tpm=yes\n");
	FIXTURE_DO(rule_remove(fixture_store, "a"));
	FIXTURE_DO(rule_names(fixture_store, names));
	cr_expect_str_eq(names, "ab\n");
	cr_expect_not(rule_is_name("a b"));
	cr_expect_not(rule_is_name("a\n"));
	cr_expect_not(rule_is_name(""));
}

Test(console_rule, approves_who_waits)
{
	static struct store_change changes[4];
	static struct fixture_device device;
	struct rule_subject subject = {.address = "192.0.2.7", .record = &record};
	char text[ENROLMENT_TOKEN_SIZE];
	struct store_token token;
	struct store_device stored;

	fixture_token(1, false, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "ws-1"), REFUSAL_NONE);
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	cr_assert_eq(stored.state, DEVICE_PENDING);
	subject.device = &stored;
	FIXTURE_DO(rule_add(fixture_store, "servers", "host=srv-*\n"));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(rule_approve(fixture_store, &subject), 0, "control: it is none");
	cr_assert_eq(rule_add(fixture_store, "desks", "host=ws-*\ntpm=yes\n"), 0);
	cr_expect_eq(rule_approve(fixture_store, &subject), 1);
	cr_assert_eq(store_commit(fixture_store), 0);
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	cr_expect_eq(stored.state, DEVICE_TRUSTED);
	cr_assert_gt(store_changes(fixture_store, stored.id, changes, 4), 0);
	cr_expect_str_eq(changes[0].who, "rule desks");
	stored.state = DEVICE_SUSPENDED;
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(rule_approve(fixture_store, &subject), 0, "a person has decided otherwise");
	store_rollback(fixture_store);
}
