/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine makes of the console's word, with real files and a real authority: each refusal
 * leaves what was known in force, and stands beside a good word that is taken behind it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/gates.h"
#include "agent/engine/server.h"
#include "agent/ipc/console_files.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/digest.h"
#include "console/authority/ca.h"
#include "console/authority/certificate.h"
#include "tests/unit/policy_fixture.h"

#define MS_NS  UINT64_C(1000000)
#define LEASED GOOD "[trust]\nlease = 1h\n"

static char directory[] = "/tmp/holdfast-trust-XXXXXX";
static char bundle_path[128], word_path[128], anchor_path[128], console_path[128],
	database_path[128];
static struct engine engine;
static struct ca_pair root, issuing, signer;
static EVP_PKEY *device_key;
static uint8_t boot[LEASE_ID_SIZE];
static int key_error; /* of keyring */

/* What was done with it. */
static uint64_t gate_labels, gate_until_ns;
static char told[32], refused[64]; /* of the last event; of the last word that was not taken */
static unsigned int events, refusals, endings, unmet;

/* Posture's facts are a quarter of an hour old here, and this machine may have been started since:
 * by this clock it has been awake for longer. */
int clock_gettime(clockid_t id, struct timespec *ret_now)
{
	if (syscall(SYS_clock_gettime, id, ret_now) < 0)
		return -1;
	if (id == CLOCK_MONOTONIC)
		ret_now->tv_sec += 2L * POSTURE_AGE_MAX_S;
	return 0;
}

int journal_note(struct engine *unused, const struct event_note *note)
{
	(void)unused;
	cr_assert_eq(note->kind, EVENT_TRUST);
	cr_expect(note->message && note->details);
	events++;
	(void)snprintf(told, sizeof(told), "%s", note->status_code);
	return 0;
}

void failure_note(struct engine *unused, enum failure_reason reason, const char *format, ...)
{
	va_list arguments;

	(void)unused;
	if (reason != FAILURE_LEASE) {
		endings += reason == FAILURE_TRUST;
		unmet += reason == FAILURE_POSTURE;
		return;
	}
	refusals++;
	va_start(arguments, format);
	(void)vsnprintf(refused, sizeof(refused), format, arguments);
	va_end(arguments);
}

bool report_is_enforcing(const struct engine *of)
{
	return of->hello.is_enforcing;
}

void gates_set_lease(struct engine *unused, uint64_t labels, uint64_t until_ns)
{
	(void)unused;
	gate_labels = labels;
	gate_until_ns = until_ns;
}

int trust_key_hash(const struct engine *unused, uint8_t ret_hash[LEASE_HASH_SIZE])
{
	(void)unused;
	return key_error ? key_error : lease_key_hash(device_key, ret_hash);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	char new_path[160];
	FILE *file;

	(void)snprintf(new_path, sizeof(new_path), "%s.new", path);
	file = fopen(new_path, "we");
	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(new_path, 0644), 0);
	cr_assert_eq(rename(new_path, path), 0);
}

static void write_anchor(const struct ca_pair *pair)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *pem;
	long size;

	cr_assert(PEM_write_bio_X509(memory, pair->certificate));
	size = BIO_get_mem_data(memory, &pem);
	write_file(anchor_path, pem, (size_t)size);
	BIO_free(memory);
}

static void start(void)
{
	time_t now = time(NULL);

	if (geteuid() != 0)
		cr_skip_test("the file of the certificate must be root's: run as root");
	cr_assert(mkdtemp(directory));
	(void)snprintf(bundle_path, sizeof(bundle_path), "%s/policy.bundle", directory);
	(void)snprintf(word_path, sizeof(word_path), "%s/" LEASE_FILE, directory);
	(void)snprintf(anchor_path, sizeof(anchor_path), "%s/console-ca.pem", directory);
	(void)snprintf(console_path, sizeof(console_path), "%s/console.ini", directory);
	(void)snprintf(database_path, sizeof(database_path), "%s/engine.db", directory);
	cr_assert_eq(ca_root_new("acme", now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_trust_new(&issuing, now, &signer), 0);
	device_key = certificate_key_new("P-256");
	cr_assert(device_key);
	cr_assert_eq(boot_id_read(boot), 0);
	write_anchor(&root);
	write_file(console_path, "", 0);
	engine = (struct engine){.anchor_path = anchor_path,
		.console_path = console_path,
		.bundle_path = bundle_path,
		.runtime_directory = directory,
		.policy = fixture_compile(LEASED)};
	cr_assert_eq(database_open(database_path, &engine.database), 0);
	trust_start(&engine);
}

static void stop(void)
{
	char command[96];

	if (geteuid() != 0)
		return;
	policy_compiled_free(engine.policy);
	database_free(engine.database);
	ca_pair_done(&root);
	ca_pair_done(&issuing);
	ca_pair_done(&signer);
	EVP_PKEY_free(device_key);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", directory);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(trust, .init = start, .fini = stop);

/* As the authority says it, to a question of now. */
static struct lease word_of(uint8_t state, uint32_t seconds, uint64_t serial)
{
	struct lease word = {.tenant = "acme",
		.asked = {.device = {1}, .asked_ms = clock_boot_ns() / MS_NS, .nonce = {2}},
		.state = state,
		.seconds = seconds,
		.serial = serial,
		.time_s = (uint64_t)time(NULL)};

	memcpy(word.asked.boot, boot, sizeof(boot));
	cr_assert_eq(lease_key_hash(device_key, word.key), 0);
	return word;
}

static size_t sign(const struct lease *word, const struct ca_pair *by, char *ret_text)
{
	int size = lease_write(word,
		&(const struct lease_signer){by->key, by->certificate, issuing.certificate},
		ret_text);

	cr_assert_gt(size, 0);
	return (size_t)size;
}

static enum trust_state after_word(const struct lease *word)
{
	char text[LEASE_WORD_MAX];
	size_t size = sign(word, &signer, text);

	write_file(word_path, text, size);
	trust_tick(&engine);
	return trust_state(&engine);
}

static enum trust_state after(uint8_t state, uint32_t seconds, uint64_t serial)
{
	const struct lease word = word_of(state, seconds, serial);

	return after_word(&word);
}

/* As after a crash: another process with the same database. */
static void restart(void)
{
	struct policy_compiled *policy = take_ptr(engine.policy);

	database_free(engine.database);
	engine = (struct engine){.anchor_path = anchor_path,
		.console_path = console_path,
		.bundle_path = bundle_path,
		.runtime_directory = directory,
		.policy = policy};
	cr_assert_eq(database_open(database_path, &engine.database), 0);
	trust_start(&engine);
	trust_tick(&engine);
}

Test(trust, nothing_hangs_on_it_without_the_section)
{
	policy_compiled_free(engine.policy);
	engine.policy = fixture_compile(GOOD);
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_UNMANAGED);
	cr_expect(trust_is_good(&engine));
	cr_expect_eq(gate_labels, 0);
	cr_expect_eq(events, 0);
	cr_expect_eq(after(LEASE_REVOKED, 0, 3), TRUST_UNMANAGED);
	cr_expect_eq(gate_labels, 0);
}

Test(trust, nor_without_a_console_unless_the_policy_is_its)
{
	cr_assert_eq(unlink(console_path), 0);
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_UNMANAGED);
	cr_expect_eq(gate_labels, 0);
	engine.managed.version = 1;
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_NEVER);
	cr_expect_eq(gate_labels, engine.policy->leased);
	cr_expect_not(trust_is_good(&engine));
}

Test(trust, without_a_word_labels_are_shut)
{
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_NEVER);
	cr_expect_eq(gate_labels, engine.policy->leased);
	cr_expect_neq(gate_labels, 0);
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_eq(events, 0, "a console is given time to answer");
	engine.trust.waiting_ns -= 61 * CLOCK_SECOND_NS;
	trust_tick(&engine);
	cr_expect_str_eq(told, "never");
	cr_expect_eq(endings, 0, "it was never so");
}

Test(trust, a_word_opens_them_until_its_end)
{
	struct lease word = word_of(LEASE_TRUSTED, 600, 1);

	cr_expect_eq(after_word(&word), TRUST_TRUSTED);
	cr_expect(trust_is_good(&engine));
	cr_expect_eq(gate_until_ns, word.asked.asked_ms * MS_NS + 600 * CLOCK_SECOND_NS);
	cr_expect_str_eq(told, "trusted");
	word = word_of(LEASE_TRUSTED, 86400, 1);
	cr_expect_eq(after_word(&word), TRUST_TRUSTED);
	cr_expect_eq(gate_until_ns, word.asked.asked_ms * MS_NS + 3600 * CLOCK_SECOND_NS,
		"no longer than the policy says");
	cr_expect_eq(events, 1, "a renewal is no event");
}

Test(trust, the_end_comes_by_itself)
{
	cr_expect_eq(after(LEASE_TRUSTED, 1, 1), TRUST_TRUSTED);
	(void)usleep(1100000);
	cr_expect_eq(trust_state(&engine), TRUST_EXPIRED);
	cr_expect_leq(gate_until_ns, clock_boot_ns(), "the kernel has the same end");
	trust_tick(&engine);
	cr_expect_str_eq(told, "expired");
	cr_expect_eq(endings, 1);
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_TRUSTED, "the same serial is good again");
	restart();
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED);
}

Test(trust, states_follow_the_console)
{
	cr_expect_eq(after(LEASE_PENDING, 0, 1), TRUST_PENDING);
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_eq(after(LEASE_TRUSTED, 600, 2), TRUST_TRUSTED);
	cr_expect_eq(after(LEASE_SUSPENDED, 0, 3), TRUST_SUSPENDED);
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_eq(gate_labels, engine.policy->leased);
	cr_expect_eq(after(LEASE_TRUSTED, 600, 4), TRUST_TRUSTED);
	cr_expect_neq(gate_until_ns, 0);
	cr_expect_eq(after(LEASE_REVOKED, 0, 5), TRUST_REVOKED);
	cr_expect_str_eq(told, "revoked");
	cr_expect_eq(events, 5, "each once");
	cr_expect_eq(endings, 2);
	cr_expect_eq(refusals, 0);
}

/* As holdfast-survey leaves them; seconds_ago by the clock that nobody sets. */
static void facts(const char *members, long seconds_ago)
{
	char path[160], text[512];
	struct timespec now;

	(void)snprintf(path, sizeof(path), "%s/" CONSOLE_STATUS_DIRECTORY, directory);
	(void)mkdir(path, 0755); /* is there already, the second time */
	(void)snprintf(
		path, sizeof(path), "%s/" CONSOLE_STATUS_DIRECTORY "/" POSTURE_NAME, directory);
	cr_assert_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	(void)snprintf(
		text, sizeof(text), "{%s\"looked\":%ld}", members, (long)now.tv_sec - seconds_ago);
	write_file(path, text, strlen(text));
	engine.posture.looked_ns = 0; /* it is time to look again */
	trust_tick(&engine);
}

static void require(const char *words)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), LEASED "require = %s\n", words);
	policy_compiled_free(engine.policy);
	engine.policy = fixture_compile(text);
	trust_refresh(&engine);
}

Test(trust, what_is_required_must_hold_too)
{
	require("lockdown, not-virtual likely");
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_UNFIT, "nothing is known");
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_not(trust_is_good(&engine));
	cr_expect_eq(unmet, 0, "the machine may have just been started");
	engine.trust.waiting_ns -= 61 * CLOCK_SECOND_NS;
	trust_tick(&engine);
	cr_expect_str_eq(told, "unfit");
	cr_expect_eq(unmet, 1);
	facts("\"lockdown\":\"integrity\",\"virtual\":\"none\",", 0);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED, "control");
	cr_expect_neq(gate_until_ns, 0);
	cr_expect_str_eq(told, "trusted");
	facts("\"lockdown\":\"none\",\"virtual\":\"none\",", 0);
	cr_expect_eq(trust_state(&engine), TRUST_UNFIT);
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_eq(unmet, 2);
	facts("\"lockdown\":\"none\",\"virtual\":\"certain\",", 0);
	cr_expect_eq(unmet, 3, "more of it is told again");
	facts("\"lockdown\":\"none\",\"virtual\":\"certain\",", 0);
	cr_expect_eq(unmet, 3, "and the same is not");
	require("not-emulated");
	cr_expect_eq(trust_state(&engine), TRUST_UNFIT, "of what is not told nothing holds");
	policy_compiled_free(engine.policy);
	engine.policy = fixture_compile(LEASED);
	trust_refresh(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED,
		"a virtual machine is none to be refused unasked");
}

Test(trust, what_was_found_out_long_ago_is_not_known)
{
	require("lockdown");
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_UNFIT);
	facts("\"lockdown\":\"integrity\",", POSTURE_AGE_MAX_S - 60);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED, "control");
	facts("\"lockdown\":\"integrity\",", POSTURE_AGE_MAX_S + 60);
	cr_expect_eq(trust_state(&engine), TRUST_UNFIT);
	facts("\"lockdown\":\"integrity\",", -60);
	cr_expect_eq(trust_state(&engine), TRUST_UNFIT, "nor what comes from ahead");
}

Test(trust, what_is_the_engines_own_counts)
{
	require("enforcing");
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_UNFIT);
	engine.hello.is_enforcing = true;
	facts("", 0);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED);
	facts("\"enforcing\":\"no\",", 0);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED, "it is not the survey's to say");
}

Test(trust, the_console_may_see_it_otherwise)
{
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_TRUSTED, "control");
	cr_expect_eq(after(LEASE_UNFIT, 0, 2), TRUST_UNFIT);
	cr_expect_eq(gate_until_ns, 0);
	cr_expect_str_eq(told, "unfit");
	cr_expect_eq(after(LEASE_TRUSTED, 600, 3), TRUST_TRUSTED);
}

Test(trust, an_older_word_does_not_come_back)
{
	struct lease trusted = word_of(LEASE_TRUSTED, 600, 1);

	cr_expect_eq(after_word(&trusted), TRUST_TRUSTED, "control");
	cr_expect_eq(after(LEASE_REVOKED, 0, 2), TRUST_REVOKED);
	cr_expect_eq(after_word(&trusted), TRUST_REVOKED);
	cr_expect_eq(strncmp(refused, "OLDER", 5), 0, "%s", refused);
	restart();
	cr_expect_eq(trust_state(&engine), TRUST_NEVER, "nor after a restart");
	cr_expect_eq(after(LEASE_REVOKED, 0, 2), TRUST_REVOKED);
}

Test(trust, a_word_of_another_boot_is_none_and_no_trouble)
{
	struct lease word = word_of(LEASE_TRUSTED, 600, 1);

	word.asked.boot[0] ^= 1;
	cr_expect_eq(after_word(&word), TRUST_NEVER);
	cr_expect_eq(refusals, 0);
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_TRUSTED, "control");
}

Test(trust, nor_is_one_of_another_device)
{
	struct lease word = word_of(LEASE_TRUSTED, 600, 1);

	word.key[3] ^= 1;
	cr_expect_eq(after_word(&word), TRUST_NEVER);
	cr_expect_eq(strncmp(refused, "OTHER_KEY", 9), 0, "%s", refused);
	word = word_of(LEASE_TRUSTED, 600, 1);
	word.asked.asked_ms += 3600000;
	cr_expect_eq(after_word(&word), TRUST_NEVER);
	cr_expect_eq(strncmp(refused, "FROM_AHEAD", 10), 0, "%s", refused);
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_TRUSTED, "control");
}

Test(trust, nor_a_forged_one)
{
	const struct lease word = word_of(LEASE_TRUSTED, 600, 1);
	struct ca_pair other = {0};
	char text[LEASE_WORD_MAX];
	size_t size;

	write_file(word_path, "trusted\n", 8);
	trust_tick(&engine);
	cr_expect_eq(strncmp(refused, "INVALID", 7), 0, "%s", refused);
	cr_assert_eq(ca_root_new("acme", time(NULL), &other), 0);
	write_anchor(&other);
	cr_expect_eq(after_word(&word), TRUST_NEVER);
	cr_expect_eq(strncmp(refused, "OTHER_AUTHORITY", 15), 0, "%s", refused);
	write_anchor(&root);
	size = sign(&word, &signer, text);
	text[size - 20] = text[size - 20] == 'A' ? 'B' : 'A';
	write_file(word_path, text, size);
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_NEVER);
	cr_expect_eq(strncmp(refused, "BAD_SIGNATURE", 13), 0, "%s", refused);
	cr_expect_eq(after_word(&word), TRUST_TRUSTED, "control");
	cr_assert_eq(chmod(anchor_path, 0666), 0);
	cr_expect_eq(after(LEASE_SUSPENDED, 0, 2), TRUST_TRUSTED, "anybody may have written it");
	cr_expect_eq(strncmp(refused, "OTHER_AUTHORITY", 15), 0, "%s", refused);
	ca_pair_done(&other);
}

/* A signer that is out of date says nothing new; what it said in its time holds over a restart. */
Test(trust, an_expired_signer)
{
	const struct lease word = word_of(LEASE_TRUSTED, 600, 1);
	struct digest_piece whole;
	uint8_t digest[DIGEST_SIZE];
	char text[LEASE_WORD_MAX];
	int64_t taken;

	ca_pair_done(&signer);
	cr_assert_eq(ca_trust_new(&issuing, time(NULL) - (CA_TRUST_DAYS + 1) * 86400, &signer), 0);
	cr_expect_eq(after_word(&word), TRUST_NEVER);
	cr_expect_eq(strncmp(refused, "CERTIFICATE_EXPIRED", 19), 0, "%s", refused);
	whole = (struct digest_piece){text, sign(&word, &signer, text)};
	cr_assert_eq(digest_of(&whole, 1, digest), 0);
	memcpy(&taken, digest, sizeof(taken));
	cr_assert_eq(database_set(engine.database, "lease-word", taken), 0);
	write_file(word_path, text, whole.size);
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED, "%s", refused);
}

Test(trust, keyring_may_come_later)
{
	key_error = -ECONNREFUSED;
	cr_expect_eq(after(LEASE_TRUSTED, 600, 1), TRUST_NEVER);
	cr_expect_eq(refusals, 0);
	key_error = 0;
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_NEVER, "not at once");
	(void)usleep(600000);
	trust_tick(&engine);
	cr_expect_eq(trust_state(&engine), TRUST_TRUSTED);
}

/* Enrolled anew, it is another device, whose serials begin at 1. */
Test(trust, another_device_on_this_machine)
{
	struct lease word;

	cr_expect_eq(after(LEASE_REVOKED, 0, 40), TRUST_REVOKED);
	EVP_PKEY_free(device_key);
	device_key = certificate_key_new("P-256");
	word = word_of(LEASE_TRUSTED, 600, 1);
	cr_expect_eq(after_word(&word), TRUST_REVOKED, "the same device can't");
	word.asked.device[0] = 9;
	cr_expect_eq(after_word(&word), TRUST_TRUSTED);
}

Test(trust, what_others_read)
{
	char path[160], text[256] = "";
	struct json_object *object;
	FILE *file;

	cr_expect_eq(after(LEASE_TRUSTED, 600, 7), TRUST_TRUSTED);
	(void)snprintf(path, sizeof(path), "%s/" TRUST_NAME, directory);
	file = fopen(path, "re");
	cr_assert(file);
	cr_assert(fgets(text, sizeof(text), file));
	(void)fclose(file);
	cr_expect(strstr(text, "\"state\":\"trusted\",\"lease\":3600,"), "%s", text);
	object = trust_object(&engine);
	cr_expect_str_eq(
		json_object_get_string(json_object_object_get(object, "state")), "trusted");
	cr_expect_eq(json_object_get_int64(json_object_object_get(object, "serial")), 7);
	(void)json_object_put(object);
}
