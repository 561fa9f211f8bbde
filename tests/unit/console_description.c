/* SPDX-License-Identifier: Apache-2.0 */
/* What devices say of themselves: kept, compared, and a finding when it is worse or another machine. */
#include "tests/unit/console_fixture.h"

#include "console/store/description.h"

#define BOOT_1 "11111111-1111-4111-8111-111111111111"
#define BOOT_2 "22222222-2222-4222-8222-222222222222"
#define BOOT_3 "33333333-3333-4333-8333-333333333333"

TestSuite(console_description, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;
static struct store_device stored;
static struct device_record known;

static void begin(void)
{
	fixture_device(&device, "pc");
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
}

static void say(const char *json)
{
	const struct console_who who = {.address = "192.0.2.7"};
	const struct description description = {&who, json, strlen(json)};

	FIXTURE_DO(description_take(fixture_store, &stored, &description, &known, &(bool){false}));
}

/* How many findings there are of a kind; "" = of any. */
static int findings(const char *kind)
{
	static struct store_finding all[32];
	int count = store_findings(fixture_store, stored.id, all, 32), found = 0;

	for (int i = 0; i < count; i++)
		found += !kind[0] || !strcmp(all[i].kind, kind);
	return found;
}

Test(console_description, is_kept_and_replaced_as_a_whole)
{
	begin();
	say("{\"os\":\"Debian 12\",\"serial\":\"PF3\",\"secure_boot\":\"on\",\"unknown\":\"x\"}");
	cr_expect_str_eq(known.facts[FACT_SERIAL], "PF3");
	FIXTURE_DO(description_known(fixture_store, stored.id, &known));
	cr_expect_str_eq(known.facts[FACT_SECURE_BOOT], "on");
	cr_assert_eq(store_device_by_id(fixture_store, stored.id, &stored), 0);
	cr_expect_str_eq(stored.os, "Debian 12");
	say("{\"os\":\"Debian 13\",\"secure_boot\":\"on\"}");
	FIXTURE_DO(description_known(fixture_store, stored.id, &known));
	cr_expect_str_empty(known.facts[FACT_SERIAL]);
	cr_expect_eq(findings(""), 0);
}

Test(console_description, what_is_none_changes_nothing)
{
	static const char *const bad[] = {
		"", "x", "[]", "{", "{\"os\":{\"a\":{}}}", "{} {}", "\"os\"", "{\"os\":\"a\"}x"};

	begin();
	say("{\"os\":\"Debian 12\",\"lockdown\":\"integrity\"}");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		say(bad[i]);
	FIXTURE_DO(description_known(fixture_store, stored.id, &known));
	cr_expect_str_eq(known.facts[FACT_LOCKDOWN], "integrity");
	cr_expect_eq(findings(""), 0);
}

Test(console_description, what_is_worse_is_a_finding)
{
	static const struct {
		const char *before, *after, *kind;
	} rows[] = {
		{"\"secure_boot\":\"on\"", "\"secure_boot\":\"off\"", "secure-boot-off"},
		{"\"lockdown\":\"confidentiality\"", "\"lockdown\":\"integrity\"",
			"lockdown-lowered"},
		{"\"lockdown\":\"integrity\"", "\"lockdown\":\"none\"", "lockdown-lowered"},
		{"\"bpf_lsm\":\"on\"", "\"bpf_lsm\":\"off\"", "bpf-lsm-off"},
		{"\"root_encrypted\":\"yes\"", "\"root_encrypted\":\"no\"", "disk-not-encrypted"},
		{"\"tpm\":\"yes\"", "\"tpm\":\"no\"", "tpm-gone"},
		{"\"key\":\"tpm\"", "\"key\":\"file\"", "key-left-tpm"},
		{"\"enforcing\":\"yes\"", "\"os\":\"\"", "not-enforcing"},
		{"\"ptrace_scope\":\"2\"", "\"ptrace_scope\":\"0\"", "ptrace-allowed"},
	};
	char json[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		(void)snprintf(json, sizeof(json), "{%s}", rows[i].after);
		say(json);
		(void)snprintf(json, sizeof(json), "{%s}", rows[i].before);
		say(json);
		cr_expect_eq(findings(""), 0, "control: %s is no worse", rows[i].before);
		(void)snprintf(json, sizeof(json), "{%s}", rows[i].after);
		say(json);
		cr_expect_eq(findings(rows[i].kind), 1, "%s", rows[i].after);
		cr_expect_eq(findings(""), 1, "%s", rows[i].after);
		fixture_free(&device);
	}
}

Test(console_description, another_machine_with_its_key)
{
	begin();
	say("{\"machine\":\"aaaa\",\"serial\":\"1\",\"boot\":\"" BOOT_1 "\"}");
	say("{\"machine\":\"aaaa\",\"serial\":\"1\",\"boot\":\"" BOOT_2 "\"}");
	say("{\"serial\":\"1\",\"boot\":\"" BOOT_2 "\"}");
	say("{\"machine\":\"aaaa\",\"serial\":\"1\",\"boot\":\"" BOOT_2 "\",\"ek\":\"e1\"}");
	cr_expect_eq(findings(""), 0, "control: restarted, and told less, or more");
	say("{\"machine\":\"bbbb\",\"serial\":\"2\",\"boot\":\"" BOOT_3 "\"}");
	cr_expect_eq(findings("key-on-two-machines"), 1);
}

Test(console_description, another_tpm_with_its_key)
{
	begin();
	say("{\"machine\":\"aaaa\",\"ek\":\"e1\"}");
	cr_expect_eq(findings(""), 0);
	say("{\"machine\":\"aaaa\",\"ek\":\"e2\"}");
	cr_expect_eq(findings("key-on-two-machines"), 1);
}

/* Two that look alike, as copies of a virtual machine do. */
Test(console_description, a_boot_that_comes_back)
{
	begin();
	say("{\"boot\":\"" BOOT_1 "\"}");
	say("{\"boot\":\"" BOOT_1 "\",\"os\":\"x\"}");
	say("{\"boot\":\"" BOOT_2 "\"}");
	say("{\"boot\":\"" BOOT_3 "\"}");
	cr_expect_eq(findings(""), 0, "control: boots that follow each other");
	say("{\"boot\":\"" BOOT_1 "\"}");
	cr_expect_eq(findings("key-on-two-machines"), 1);
}

/* Its own memory of boots is the console's. */
Test(console_description, boots_are_not_the_devices_to_say)
{
	begin();
	say("{\"boot\":\"" BOOT_1 "\",\"boots\":\"" BOOT_2 "\"}");
	say("{\"boot\":\"" BOOT_2 "\"}");
	cr_expect_eq(findings(""), 0);
	say("{\"boot\":\"1\"}");
	cr_expect_eq(findings(""), 0, "no part of a number is one");
}
