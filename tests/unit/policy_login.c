/* SPDX-License-Identifier: Apache-2.0 */
/* Whose accounts are whose: from the policy to the book, and from the book to who may log in. */
#include "common/login_book.h"
#include "policy/login.h"
#include "tests/unit/policy_fixture.h"

#define BASE                                                                               \
	HEAD "[tenant acme]\ntitle = Acme GmbH\naccount = alice, @staff, *@acme.example\n" \
	     "account = ACME\\*, @nowhere\n"                                               \
	     "[tenant beta]\naccount = bob\n" LABEL APP "[trust]\nlease = 7d\n"
#define LOGIN "[login]\nbreak-glass = rescue\nexcept-service = swaylock\ncontact = Helpdesk, 4711\n"

static int gid_of(const char *name, uint32_t *ret_gid, void *userdata)
{
	(void)userdata; /* none */
	if (strcmp(name, "staff") != 0)
		return -ENOENT;
	*ret_gid = 1005;
	return 0;
}

static char *book_of(const char *text, size_t *ret_size)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	auto_call(policy_freep) struct policy *policy = NULL;
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	char *book;

	if (fixture_parse(text, &problems, &policy) < 0)
		fixture_no_problems(&problems);
	cr_assert_eq(policy_compile(policy, NULL, &problems, &compiled), 0);
	cr_assert_eq(policy_login_book(compiled, gid_of, NULL, &book, ret_size), 0);
	return book;
}

struct seen {
	struct login_found found;
	enum login_verdict trusted, not_trusted;
	char text[1024]; /* of the refusal, trusted first */
};

static struct seen look(
	const char *policy, const char *account, uint32_t uid, uint32_t group, const char *service)
{
	size_t size;
	auto_free char *book = book_of(policy, &size);
	const struct login_who who = {account, uid, &group, 1, service};
	struct seen seen;

	cr_assert_eq(login_book_find(book, size, &who, &seen.found), 0);
	seen.trusted = login_judge(&seen.found, true);
	seen.not_trusted = login_judge(&seen.found, false);
	login_say(&seen.found, seen.trusted ? seen.trusted : seen.not_trusted, account,
		"its trust has expired", seen.text, sizeof(seen.text));
	return seen;
}

Test(policy_login, accounts_of_a_tenant_need_trust)
{
	static const struct {
		const char *account;
		uint32_t group;
		const char *tenant; /* NULL = nobody's */
	} rows[] = {
		{"alice", 100, "acme"}, {"alicea", 100, NULL}, {"carol", 1005, "acme"},
		{"carol", 1006, NULL}, {"dora@acme.example", 100, "acme"},
		{"dora@ACME.example", 100, "acme"}, {"@acme.example", 100, NULL},
		{"dora@evil-acme.example.org", 100, NULL}, {"ACME\\erik", 100, "acme"},
		{"ACME", 100, NULL}, {"bob", 100, "beta"},
		{"bob", 1005, "acme"}, /* the first line counts */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = look(BASE LOGIN, rows[i].account, 1200, rows[i].group, "login");

		if (!rows[i].tenant) {
			cr_expect_eq(seen.found.kind, LOGIN_OTHER, "%s", rows[i].account);
			cr_expect_eq(seen.not_trusted, LOGIN_LET_IN, "%s", rows[i].account);
			continue;
		}
		cr_expect_eq(seen.found.kind, LOGIN_ORGANISATION, "%s", rows[i].account);
		cr_expect_str_eq(seen.found.tenant, rows[i].tenant, "%s", rows[i].account);
		cr_expect_eq(seen.trusted, LOGIN_LET_IN, "%s", rows[i].account);
		cr_expect_eq(seen.not_trusted, LOGIN_REFUSED_TRUST, "%s", rows[i].account);
	}
}

Test(policy_login, who_is_refused_reads_why_and_whom_to_ask)
{
	struct seen seen = look(BASE LOGIN, "alice", 1200, 100, "login");

	cr_expect_str_eq(seen.text, "alice is an account of Acme GmbH, which logs in on trusted "
				    "devices only: its trust has "
				    "expired. Ask Helpdesk, 4711.");
	seen = look(BASE "[login]\ndevice-of = acme\n", "bob", 1200, 100, "login");
	cr_expect(strstr(seen.text,
			  "bob is an account of beta, but this device belongs to Acme GmbH"),
		"%s", seen.text);
	cr_expect(strstr(seen.text, "Ask your administrator."), "%s", seen.text);
}

Test(policy_login, a_tenants_device_logs_in_its_own_alone)
{
	static const struct {
		const char *account;
		uint32_t uid;
		enum login_verdict verdict;
	} rows[] = {
		{"alice", 1200, LOGIN_LET_IN},
		{"bob", 1201, LOGIN_REFUSED_TENANT},
		{"visitor", 1202, LOGIN_REFUSED_OTHER},
		{"nobody-else", 65533, LOGIN_REFUSED_OTHER},
		{"root", 0, LOGIN_LET_IN},
		{"rescue", 1300, LOGIN_LET_IN},
		{"postgres", 110, LOGIN_LET_IN},
		{"nobody", 65534, LOGIN_LET_IN},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(look(BASE LOGIN "device-of = acme\n", rows[i].account, rows[i].uid,
				     100, "login")
				     .trusted,
			rows[i].verdict, "%s", rows[i].account);
}

Test(policy_login, root_and_break_glass_need_nothing)
{
	/* By its number, whatever it is called, and whatever groups it is in. */
	cr_expect_eq(look(BASE LOGIN, "alice", 0, 1005, "login").not_trusted, LOGIN_LET_IN);
	cr_expect_eq(look(BASE LOGIN, "rescue", 1300, 1005, "login").found.kind, LOGIN_BREAK_GLASS);
	cr_expect_eq(look(BASE LOGIN, "rescue", 1300, 1005, "login").not_trusted, LOGIN_LET_IN);
	cr_expect_eq(
		look(BASE LOGIN, "rescue2", 1300, 1005, "login").not_trusted, LOGIN_REFUSED_TRUST);
}

Test(policy_login, services_that_are_no_login)
{
	cr_expect_eq(look(BASE LOGIN, "alice", 1200, 100, "swaylock").not_trusted, LOGIN_LET_IN);
	cr_expect_eq(
		look(BASE LOGIN, "alice", 1200, 100, "swaylock2").not_trusted, LOGIN_REFUSED_TRUST);
}

Test(policy_login, a_group_of_no_number_is_told)
{
	struct seen seen = look(BASE LOGIN, "visitor", 1200, 100, "login");

	cr_expect(seen.found.has_unknown_group);
	cr_expect_eq(seen.found.kind, LOGIN_OTHER);
	seen = look(HEAD TENANT "account = @staff\n" LABEL APP, "visitor", 1200, 100, "login");
	cr_expect_not(seen.found.has_unknown_group);
}

Test(policy_login, a_book_that_is_cut_is_none)
{
	size_t size;
	auto_free char *book = book_of(BASE LOGIN, &size);
	const struct login_who who = {"alice", 1200, NULL, 0, "login"};
	struct login_found found;

	cr_assert_eq(login_book_find(book, size, &who, &found), 0);
	for (size_t cut = 0; cut < size - 1; cut++)
		cr_expect_eq(login_book_find(book, cut, &who, &found), -EBADMSG, "%zu", cut);
	book[0] = 'H';
	cr_expect_eq(login_book_find(book, size, &who, &found), -EBADMSG);
}

Test(policy_login, mistakes_are_told)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *message;
	} bads[] = {
		{HEAD TENANT "account = root\n" LABEL APP, 6, "root is nobody's"},
		{HEAD TENANT "account = a b\n" LABEL APP, 6, "expected a name, @group"},
		{HEAD TENANT "account = *\n" LABEL APP, 6, "expected a name, @group"},
		{HEAD TENANT "account = a*\n" LABEL APP, 6, "expected a name, @group"},
		{HEAD TENANT "account = @@staff\n" LABEL APP, 6, "expected a name, @group"},
		{HEAD TENANT "account = alice, alice\n" LABEL APP, 6, "twice"},
		{BASE "[tenant gamma]\naccount = bob\n", 19, "[tenant beta]'s already"},
		{BASE "[login]\nbreak-glass = alice\n", 6, "is a break-glass account"},
		{BASE "[login]\nbreak-glass = @staff\n", 19, "account of this machine"},
		{BASE "[login]\nbreak-glass = root\n", 19, "root can always log in"},
		{BASE "[login]\ndevice-of = gamma\n", 19, "unknown tenant 'gamma'"},
		{BASE "[login]\nexcept-service = ../x\n", 19, "name of a PAM service"},
		{BASE LOGIN "[login]\n", 22, "second [login]"},
		{GOOD "[login]\nbreak-glass = rescue\n", 12, "can never apply"},
		{GOOD "[login]\ndevice-of = acme\n", 13, "nobody but root"},
		{BASE "[audience mail]\ntenant = acme\n", 18, "without 'uri'"},
		{BASE "[audience mail]\nuri = a b\ntenant = acme\n", 19, "expected one word"},
		{BASE "[audience mail]\nuri = a\ntenant = acme\napp = thunder\n", 21,
			"unknown app 'thunder'"},
		{BASE "[audience mail]\nuri = a\ntenant = acme\nlifetime = 2h\n", 18,
			"at most 60m"},
		{BASE "[audience m]\nuri = a\ntenant = acme\n[audience n]\nuri = a\ntenant = "
		      "acme\n",
			21, "has the uri of"},
		{GOOD "[trust]\nlease = 1h\n[audience m]\nuri = a\ntenant = acme\n", 16,
			"nobody could get a ticket"},
		{HEAD TENANT "account = alice\n" LABEL APP "[audience m]\nuri = a\ntenant = acme\n",
			13, "without [trust]"},
	};

	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		auto_call(policy_problems_done) struct policy_problems problems = {0};
		auto_call(policy_freep) struct policy *policy = NULL;

		cr_expect_eq(fixture_parse(bads[i].text, &problems, &policy), -EBADMSG, "%zu", i);
		cr_assert_eq(problems.count, 1, "%zu: %s, %s", i,
			problems.count ? problems.items[0].message : "none",
			problems.count > 1 ? problems.items[1].message : "");
		cr_expect_eq(
			problems.items[0].line, bads[i].line, "%zu: %u", i, problems.items[0].line);
		cr_expect(strstr(problems.items[0].message, bads[i].message), "%zu: %s", i,
			problems.items[0].message);
	}
}

Test(policy_login, audiences)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	auto_call(policy_freep) struct policy *policy = NULL;
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	const struct policy_audience_entry *entry;

	cr_assert_eq(fixture_parse(BASE "[audience mail]\nuri = https://mail.acme.example\n"
					"tenant = acme\napp = vim\nlifetime = 2m\n"
					"[audience drive]\nuri = drive\ntenant = beta\n",
			     &problems, &policy),
		0);
	cr_assert_eq(policy_compile(policy, NULL, &problems, &compiled), 0);
	entry = policy_audience_find(compiled, "https://mail.acme.example");
	cr_assert_not_null(entry);
	cr_expect_eq(entry, policy_audience_find(compiled, "mail"));
	cr_expect_eq(entry->lifetime_s, 120);
	cr_expect_eq(entry->app_count, 1);
	cr_expect_str_eq(entry->apps[0], "vim");
	entry = policy_audience_find(compiled, "drive");
	cr_expect_eq(entry->tenant, 1);
	cr_expect_eq(entry->lifetime_s, POLICY_TICKET_DEFAULT_S);
	cr_expect_null(policy_audience_find(compiled, "Mail"));
}
