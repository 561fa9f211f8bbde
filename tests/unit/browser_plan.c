/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser's file is to say: ours, beside what its administrator says, and back again. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/browser/plan.h"
#include "common/cleanup.h"

static const struct browser_want want = {
	.browsers = 7, .domain_count = 2, .domains = {"acme.example", "b.example"}};

static struct text text_of(const char *string)
{
	const struct text text = {(char *)string, string ? strlen(string) : 0};

	return text;
}

/* What the texts say, member by member. */
static void expect_json(const struct text *text, const char *wanted)
{
	const struct text other = text_of(wanted);
	struct json_object *is = settings_parse(text), *should = settings_parse(&other);

	cr_assert(should, "%s", wanted);
	cr_expect(json_object_equal(is, should), "%s instead of %s", text->bytes, wanted);
	(void)json_object_put(is);
	(void)json_object_put(should);
}

static struct plan plan_of(
	enum browser browser, const struct plan_from *from, const struct browser_want *wanted)
{
	struct plan plan;

	cr_assert_eq(plan_make(browser, from, wanted, &plan), 0);
	return plan;
}

#define OURS \
	"\"AllowedDomainsForApps\": \"acme.example,b.example\", \"DisableFirefoxAccounts\": true"

Test(browser_plan, chromium_has_a_file_of_ours)
{
	struct plan_from from = {0};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_CHROMIUM, &from, &want);

	cr_expect_not(first.has_drifted);
	expect_json(&first.file, "{\"AllowedDomainsForApps\": \"acme.example,b.example\","
				 "\"RestrictSigninToPattern\": "
				 "\".*@(acme\\\\.example|b\\\\.example)\"}");
	from.current = from.written = first.file;
	auto_call(plan_done) struct plan same = plan_of(BROWSER_CHROMIUM, &from, &want);
	cr_expect_not(same.has_drifted);
	cr_expect(text_is_equal(&same.file, &first.file), "nothing is written again");
	from.current = text_of("{}");
	auto_call(plan_done) struct plan changed = plan_of(BROWSER_CHROMIUM, &from, &want);
	cr_expect(changed.has_drifted);
	cr_expect(text_is_equal(&changed.file, &first.file));
	from.current = text_of(NULL);
	auto_call(plan_done) struct plan removed = plan_of(BROWSER_CHROMIUM, &from, &want);
	cr_expect(removed.has_drifted);
	auto_call(plan_done) struct plan back = plan_of(BROWSER_CHROMIUM, &from, NULL);
	cr_expect_null(back.file.bytes);
}

Test(browser_plan, firefox_keeps_what_its_administrator_wrote)
{
	const char *admins = "{\"policies\": {\"DisableTelemetry\": true, "
			     "\"AllowedDomainsForApps\": \"old.example\"}, \"x\": 1}";
	struct plan_from from = {.current = text_of(admins)};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_FIREFOX, &from, &want);

	cr_expect_not(first.has_drifted);
	expect_json(
		&first.file, "{\"policies\": {\"DisableTelemetry\": true, " OURS "}, \"x\": 1}");
	cr_expect_str_eq(first.before.bytes, admins, "byte by byte");
	from = (struct plan_from){first.file, first.before, first.file, {0}};
	auto_call(plan_done) struct plan same = plan_of(BROWSER_FIREFOX, &from, &want);
	cr_expect_not(same.has_drifted);
	cr_expect(text_is_equal(&same.file, &first.file) &&
		  text_is_equal(&same.before, &first.before));
	auto_call(plan_done) struct plan back = plan_of(BROWSER_FIREFOX, &from, NULL);
	cr_expect_str_eq(back.file.bytes, admins, "and back, byte by byte");
}

Test(browser_plan, an_administrators_edit_is_no_drift)
{
	const char *admins = "{\"policies\": {\"AllowedDomainsForApps\": \"old.example\"}}";
	struct plan_from from = {.current = text_of(admins)};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_FIREFOX, &from, &want);

	from = (struct plan_from){text_of("{\"policies\": {" OURS ", \"BlockAboutConfig\": true}}"),
		first.before, first.file, {0}};
	auto_call(plan_done) struct plan edited = plan_of(BROWSER_FIREFOX, &from, &want);
	cr_expect_not(edited.has_drifted);
	expect_json(&edited.file, "{\"policies\": {" OURS ", \"BlockAboutConfig\": true}}");
	expect_json(&edited.before, "{\"policies\": {\"AllowedDomainsForApps\": \"old.example\", "
				    "\"BlockAboutConfig\": true}}");
	from = (struct plan_from){edited.file, edited.before, edited.file, {0}};
	auto_call(plan_done) struct plan back = plan_of(BROWSER_FIREFOX, &from, NULL);
	expect_json(&back.file, "{\"policies\": {\"AllowedDomainsForApps\": \"old.example\", "
				"\"BlockAboutConfig\": true}}");
}

Test(browser_plan, drift_of_firefox_is_put_right)
{
	static const char *const drifted[] = {"{\"policies\": {\"BlockAboutConfig\": true}}",
		"{\"policies\": {\"AllowedDomainsForApps\": \"evil.example\", "
		"\"DisableFirefoxAccounts\": true, \"BlockAboutConfig\": true}}"};
	struct plan_from from = {0};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_FIREFOX, &from, &want);

	expect_json(&first.file, "{\"policies\": {" OURS "}}");
	cr_expect_null(first.before.bytes);
	for (size_t i = 0; i < sizeof(drifted) / sizeof(drifted[0]); i++) {
		from = (struct plan_from){text_of(drifted[i]), {0}, first.file, {0}};
		auto_call(plan_done) struct plan plan = plan_of(BROWSER_FIREFOX, &from, &want);
		cr_expect(plan.has_drifted, "%s", drifted[i]);
		expect_json(&plan.file, "{\"policies\": {" OURS ", \"BlockAboutConfig\": true}}");
		expect_json(&plan.before, "{\"policies\": {\"BlockAboutConfig\": true}}");
	}
	static const char *const broken[] = {NULL, "", "{", "[]", "{\"policies\": []}", "{} x"};
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		from = (struct plan_from){text_of(broken[i]), {0}, first.file, {0}};
		auto_call(plan_done) struct plan plan = plan_of(BROWSER_FIREFOX, &from, &want);
		cr_expect(plan.has_drifted, "%s", broken[i] ? broken[i] : "none");
		cr_expect(text_is_equal(&plan.file, &first.file));
		cr_expect_null(plan.before.bytes);
	}
	from = (struct plan_from){text_of("{\"policies\": {}}"), {0}, first.file, {0}};
	auto_call(plan_done) struct plan back = plan_of(BROWSER_FIREFOX, &from, NULL);
	cr_expect_null(back.file.bytes, "there was no such file before us");
}

Test(browser_plan, what_firefox_takes_nothing_of_comes_back_as_it_was)
{
	struct plan_from from = {.current = text_of("{\"policies\": {,}")};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_FIREFOX, &from, &want);

	expect_json(&first.file, "{\"policies\": {" OURS "}}");
	from = (struct plan_from){first.file, first.before, first.file, {0}};
	auto_call(plan_done) struct plan back = plan_of(BROWSER_FIREFOX, &from, NULL);
	cr_expect_str_eq(back.file.bytes, "{\"policies\": {,}");
}

/* A file below /etc hides the one of the program's own directory. */
Test(browser_plan, what_firefox_would_read_without_us_goes_on)
{
	const struct text other = text_of("{\"policies\": {\"DisableTelemetry\": true}}");
	struct plan_from from = {.other = other};
	auto_call(plan_done) struct plan first = plan_of(BROWSER_FIREFOX, &from, &want);

	expect_json(&first.file, "{\"policies\": {\"DisableTelemetry\": true, " OURS "}}");
	from = (struct plan_from){first.file, {0}, first.file, other};
	auto_call(plan_done) struct plan back = plan_of(BROWSER_FIREFOX, &from, NULL);
	cr_expect_null(back.file.bytes);
}

Test(browser_plan, who_says_something_else_is_a_rival)
{
	static const struct {
		const char *text;
		bool is_rival;
	} files[] = {
		{"{\"HomepageLocation\": \"x\"}", false},
		{"// of the administrator\n{\"HomepageLocation\": \"x\"}", false},
		{"{\"AllowedDomainsForApps\": \"acme.example,b.example\"}", false},
		{"{\"AllowedDomainsForApps\": \"\"}", true},
		{"{\"RestrictSigninToPattern\": \".*\"}", true},
		{"{\"Allowed\\u0044omainsForApps\": \"evil.example\"}", true},
		{"{", true},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct text text = text_of(files[i].text);

		cr_expect_eq(plan_is_rival(&text, &want), files[i].is_rival, "%s", files[i].text);
	}
}
