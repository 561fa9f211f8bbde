/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine takes of the console's policies, with real files: each refusal leaves the last good
 * one in force, and stands beside a good one that is taken behind it.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/policy_bundle.h"
#include "common/clock.h"
#include "policy/bundle.h"
#include "policy/host/policy_files.h"

static char directory[] = "/tmp/holdfast-bundle-XXXXXX";
static char policy_path[128], bundle_path[128], anchor_path[128], database_path[128];
static struct engine engine;
static struct signing_key *own_key, *other_key;
static uint8_t *packed;
static size_t packed_size;
static char told[64]; /* code of the last event */
static unsigned int rejections;

int journal_note(struct engine *unused, const struct event_note *note)
{
	(void)unused;
	if (note->kind != EVENT_POLICY_REJECTED)
		return 0;
	rejections++;
	cr_expect_str_eq(note->name, "console");
	(void)snprintf(told, sizeof(told), "%s", note->status_code);
	return 0;
}

void failure_note(struct engine *unused, enum failure_reason reason, const char *format, ...)
{
	(void)unused;
	(void)reason;
	(void)format;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, 0644), 0);
}

static struct signing_key *make_key(bool is_known)
{
	static char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];
	struct signing_key *key;

	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(signing_key_read(private_pem, strlen(private_pem), true, NULL, &key), 0);
	if (is_known)
		write_file(anchor_path, public_pem, strlen(public_pem));
	return key;
}

/* As whoever publishes packs it. */
static void pack(const char *text)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	auto_call(policy_freep) struct policy *policy = NULL;
	struct policy_source source;

	write_file(policy_path, text, strlen(text));
	policy_files_source(files, &source);
	(void)policy_parse(&source, policy_path, &problems, &policy); /* one has errors */
	free(packed);
	cr_assert_eq(policy_files_pack(files, &packed, &packed_size), 0);
}

static const char good_text[] =
	"[policy]\nname = Office\nversion = 1\n[tenant acme]\ntitle = Acme\n"
	"[label finance]\ntenant = acme\npath = /srv/finance\nopen-with = vim\n"
	"[app vim]\npath = /usr/bin/vim.basic\n";

static void start(void)
{
	if (geteuid() != 0)
		cr_skip_test("the file of the key must be root's: run as root");
	cr_assert(mkdtemp(directory));
	(void)snprintf(policy_path, sizeof(policy_path), "%s/policy.ini", directory);
	(void)snprintf(bundle_path, sizeof(bundle_path), "%s/policy.bundle", directory);
	(void)snprintf(anchor_path, sizeof(anchor_path), "%s/console-ca.pem", directory);
	(void)snprintf(database_path, sizeof(database_path), "%s/engine.db", directory);
	own_key = make_key(true);
	other_key = make_key(false);
	pack(good_text);
	engine = (struct engine){.policy_path = policy_path,
		.anchor_path = anchor_path,
		.state_directory = directory,
		.bundle_path = bundle_path};
	cr_assert_eq(database_open(database_path, &engine.database), 0);
}

static void stop(void)
{
	char command[96];

	if (geteuid() != 0)
		return;
	policy_compiled_free(engine.policy);
	database_free(engine.database);
	signing_key_free(own_key);
	signing_key_free(other_key);
	free(packed);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", directory);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(policy_bundle, .init = start, .fini = stop);

static uint8_t *sign(
	const struct signing_key *key, uint64_t version, int64_t life_s, size_t *ret_size)
{
	struct bundle bundle = {.tenant = "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
		.name = "Office",
		.version = version,
		.made_s = clock_day_ms() / 1000 - 1000,
		.packed = packed,
		.packed_size = packed_size};
	uint8_t *bytes;

	bundle.expires_s = clock_day_ms() / 1000 + (uint64_t)life_s;
	cr_assert_eq(bundle_write(&bundle, key, &bytes, ret_size), 0);
	return bytes;
}

static bool give(const struct signing_key *key, uint64_t version, int64_t life_s)
{
	auto_free uint8_t *bytes = NULL;
	size_t size;

	bytes = sign(key, version, life_s, &size);
	write_file(bundle_path, bytes, size);
	return policy_store_load(&engine);
}

static void expect_good(uint64_t version)
{
	const struct policy_compiled *before = engine.policy;

	cr_expect(give(own_key, version, 1000), "control: version %llu, %s",
		(unsigned long long)version, told);
	cr_expect_neq(engine.policy, before);
	cr_expect_eq(engine.managed.version, version);
}

static void expect_refused(
	bool is_taken, const struct policy_compiled *before, uint64_t version, const char *code)
{
	cr_expect_not(is_taken, "%s", code);
	cr_expect_str_eq(told, code);
	cr_expect_eq(engine.policy, before, "%s: what was in force stays", code);
	cr_expect_eq(engine.managed.version, version, "%s", code);
}

Test(policy_bundle, each_refusal_leaves_the_last_good_one)
{
	auto_free uint8_t *bytes = NULL, *large = calloc(1, BUNDLE_SIZE_MAX + 1);
	const struct policy_compiled *last;
	size_t size;

	cr_assert(large);
	expect_good(5);
	last = engine.policy;
	expect_refused(give(other_key, 6, 1000), last, 5, "OTHER_KEY");
	expect_refused(give(own_key, 4, 1000), last, 5, "ROLLBACK");
	expect_refused(give(own_key, 6, -10), last, 5, "EXPIRED");
	bytes = sign(own_key, 6, 1000, &size);
	bytes[size - 1] ^= 1;
	write_file(bundle_path, bytes, size);
	expect_refused(policy_store_load(&engine), last, 5, "BAD_DIGEST");
	bytes[size - 1] ^= 1;
	*strstr((char *)bytes, "Office") = 'o';
	write_file(bundle_path, bytes, size);
	expect_refused(policy_store_load(&engine), last, 5, "BAD_SIGNATURE");
	write_file(bundle_path, "garbage", 7);
	expect_refused(policy_store_load(&engine), last, 5, "INVALID");
	write_file(bundle_path, "", 0);
	expect_refused(policy_store_load(&engine), last, 5, "INVALID");
	write_file(bundle_path, large, BUNDLE_SIZE_MAX + 1);
	expect_refused(policy_store_load(&engine), last, 5, "INVALID");
	cr_expect_eq(rejections, 8, "each is told");
	expect_good(6);
}

Test(policy_bundle, signed_but_with_errors)
{
	const struct policy_compiled *last;

	expect_good(5);
	last = engine.policy;
	pack("[policy]\nname = Office\nversion = what\n");
	expect_refused(give(own_key, 6, 1000), last, 5, "INVALID");
	pack(good_text);
	expect_good(6);
}

Test(policy_bundle, what_was_refused_raises_no_floor)
{
	expect_good(5);
	cr_expect_not(give(other_key, 1000, 1000));
	cr_expect_not(give(own_key, 1000, -10));
	expect_good(6);
}

Test(policy_bundle, a_floor_outlives_a_restart)
{
	const struct policy_compiled *last;

	expect_good(5);
	database_free(engine.database);
	cr_assert_eq(database_open(database_path, &engine.database), 0);
	last = engine.policy;
	expect_refused(give(own_key, 4, 1000), last, 5, "ROLLBACK");
	expect_good(5);
}

Test(policy_bundle, no_key_no_policy)
{
	cr_assert_eq(unlink(anchor_path), 0);
	expect_refused(give(own_key, 5, 1000), NULL, 0, "NO_KEY");
	own_key = make_key(true);
	expect_good(5);
}
