/* SPDX-License-Identifier: Apache-2.0 */
/* [vault]: what it compiles to, and what is no vault, at its line. */
#include "tests/unit/policy_fixture.h"

#include <string.h>

#define VAULT "[vault books]\npath = /srv/books\nlabel = finance\n" /* 12-14, after GOOD */

Test(policy_vault, compiles_to_a_mark_and_an_application)
{
	struct policy_compiled *compiled = fixture_compile(
		GOOD VAULT "title = Books\nsize = 20G\n");
	const struct policy_vault_entry *vault = compiled->vaults;
	const struct hf_app *app = &compiled->bank.apps[compiled->vault_app];
	int bit = policy_label_of_name(compiled, "finance");

	cr_assert_eq(compiled->vault_count, 1);
	cr_expect_str_eq(vault->name, "books");
	cr_expect_str_eq(vault->title, "Books");
	cr_expect_str_eq(vault->path, "/srv/books");
	cr_expect_eq(vault->bit, (unsigned int)bit);
	cr_expect_eq(vault->size_bytes, UINT64_C(20) << 30);
	cr_expect_eq(policy_labels_of_path(compiled, "/srv/books/2026/a.ods"), UINT64_C(1) << bit);
	cr_expect_eq(policy_labels_of_path(compiled, "/srv/bookshelf"), 0);
	cr_assert_neq(compiled->vault_app, HF_APP_UNKNOWN);
	cr_expect_eq(policy_app_of_name(compiled, POLICY_VAULT_APP), compiled->vault_app);
	cr_expect_eq(app->open, UINT64_MAX);
	cr_expect_eq(app->flags, 0, "no carrier, no settings, nothing shed or forgotten");
	cr_expect_eq(app->except[HF_CHANNEL_NETWORK], 0, "it is a reader like any other");
	policy_compiled_free(compiled);
}

Test(policy_vault, without_one_nothing_is_added)
{
	struct policy_compiled *compiled = fixture_compile(GOOD);

	cr_expect_eq(compiled->vault_count, 0);
	cr_expect_eq(compiled->vault_app, HF_APP_UNKNOWN);
	cr_expect_eq(policy_app_of_name(compiled, POLICY_VAULT_APP), HF_APP_UNKNOWN);
	policy_compiled_free(compiled);
}

static const struct {
	const char *text;
	unsigned int line;
	const char *message;
	const char *hint;
} bads[] = {
	{GOOD "[vault books]\nlabel = finance\n", 12, "[vault] without 'path'", NULL},
	{GOOD "[vault books]\npath = /srv/books\n", 12, "[vault] without 'label'", NULL},
	{GOOD "[vault books]\npath = /srv/books\nlabel = finanec\n", 14, "unknown label 'finanec'",
		"finance"},
	{GOOD "[vault books]\npath = books\nlabel = finance\n", 13, "expected an absolute path",
		NULL},
	{GOOD "[vault books]\npath = /srv\nlabel = finance\n", 13, "would label the system itself",
		"/srv/finance"},
	{GOOD "[vault books]\npath = /srv/b*\nlabel = finance\n", 13,
		"expected one folder, without * and ?", NULL},
	{GOOD VAULT "path = /srv/more\n", 15, "path", NULL},
	{GOOD VAULT "size = 20\n", 15, "size '20': expected a whole number", "20G"},
	{GOOD VAULT "size = 1M\n", 15, "from 64M to 64T", "20G"},
	{GOOD VAULT "size = 9999999999999G\n", 15, "from 64M to 64T", "20G"},
	{GOOD VAULT "size = 20GB\n", 15, "from 64M to 64T", "20G"},
	{GOOD VAULT "[vault more]\npath = /srv/books/2026\nlabel = finance\n", 16,
		"overlaps with that of [vault books] (test.ini:13)", NULL},
	{GOOD VAULT "[vault books]\npath = /srv/other\nlabel = finance\n", 15, "books", NULL},
	{GOOD VAULT "[app less]\npath = /usr/bin/less\nstate = /srv/books/settings\n", 13,
		"overlaps with a state of [app less] (test.ini:17)", NULL},
	{GOOD VAULT "[app holdfast-vault]\npath = /usr/bin/less\n", 15, "is the agent's own", NULL},
};

Test(policy_vault, what_is_no_vault_is_said_at_its_line)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct policy_problems problems = {0};
		struct policy *policy = NULL;
		bool is_found = false;

		cr_assert_eq(fixture_parse(bads[i].text, &problems, &policy), -EBADMSG, "%s",
			bads[i].message);
		for (size_t j = 0; j < problems.count; j++)
			is_found |= problems.items[j].line == bads[i].line &&
				    strstr(problems.items[j].message, bads[i].message) &&
				    (!bads[i].hint ||
					    (problems.items[j].hint &&
						    strstr(problems.items[j].hint, bads[i].hint)));
		cr_expect(is_found, "line %u: %s; got line %u: %s", bads[i].line, bads[i].message,
			problems.items[0].line, problems.items[0].message);
		policy_problems_done(&problems);
	}
}
