/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a device meets what its policy requires, by its record; and what becomes of its lease then. */
#include "tests/unit/console_fixture.h"

#include "common/key_words.h"
#include "common/lease.h"
#include "console/store/description.h"
#include "console/store/distribution.h"
#include "console/store/lease.h"
#include "console/store/release.h"
#include "console/store/requirement.h"
#include "console/store/ticket_check.h"
#include "policy/bundle.h"

#define GOOD "{\"lockdown\":\"integrity\",\"virtual\":\"none\",\"secure_boot\":\"on\"}"
#define LOW  "{\"lockdown\":\"none\",\"virtual\":\"none\",\"secure_boot\":\"on\"}"
#define VM   "{\"lockdown\":\"integrity\",\"virtual\":\"certain\",\"secure_boot\":\"on\"}"

TestSuite(console_requirement, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;
static struct store_device stored;
static struct device_record record;
static struct signing_key *signer;

static void begin(void)
{
	static char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];

	fixture_device(&device, "pc");
	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(signing_key_read(private_pem, strlen(private_pem), true, NULL, &signer), 0);
}

static void publish(uint64_t version, const char *require, const char *groups)
{
	static const uint8_t packed[] = "HFP1 and so on";
	struct bundle bundle = {.tenant = "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
		.name = "Office",
		.version = version,
		.made_s = 1,
		.expires_s = 2,
		.packed = packed,
		.packed_size = sizeof(packed)};
	static struct store_policy policy;
	uint8_t *bytes;
	size_t size;

	cr_assert_eq(posture_parse(require, &bundle.require), 0);
	cr_assert_eq(bundle_write(&bundle, signer, &bytes, &size), 0);
	cr_assert_eq(distribution_read(bytes, size, &policy), 0);
	policy.percent = 100;
	(void)snprintf(policy.who, sizeof(policy.who), "test");
	(void)snprintf(policy.groups, sizeof(policy.groups), "%s", groups);
	FIXTURE_DO(store_policy_add(fixture_store, &policy, bytes));
	free(bytes);
}

static bool say(const char *json)
{
	const struct console_who who = {.address = "192.0.2.7"};
	const struct description description = {&who, json, strlen(json)};
	bool is_changed;

	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	FIXTURE_DO(description_take(fixture_store, &stored, &description, &record, &is_changed));
	return is_changed;
}

static struct console_wish lease(void)
{
	struct lease_request asked = {.boot = {7}, .asked_ms = 1234, .nonce = {9}, .seconds = 600};
	struct console_who who = {.id = 5, .address = "192.0.2.1"};
	uint8_t signature[SEGMENT_SIGNATURE_MAX];
	struct console_wish wish = {0};
	char text[LEASE_REQUEST_MAX];
	size_t signature_size;
	uint16_t refusal;
	int size;

	memcpy(asked.device, device.uid, sizeof(asked.device));
	size = lease_request_write(&asked, text);
	cr_assert_eq(fixture_sign(text, (size_t)size, signature, &signature_size, device.key), 0);
	size = lease_add_signature(
		text, (size_t)size, LEASE_REQUEST_MAX, signature, signature_size);
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	FIXTURE_DO(lease_decide(fixture_store, &who, text, (size_t)size, &wish, &refusal));
	cr_assert_eq(refusal, REFUSAL_NONE);
	return wish;
}

static int findings(const char *kind)
{
	static struct store_finding all[32];
	int count = store_findings(fixture_store, stored.id, all, 32), found = 0;

	for (int i = 0; i < count; i++)
		found += !strcmp(all[i].kind, kind);
	return found;
}

Test(console_requirement, who_falls_below_gets_no_lease_until_it_is_well_again)
{
	struct console_wish wish;
	uint64_t serial;

	begin();
	publish(1, "secure-boot, lockdown", "");
	cr_expect_not(say(GOOD), "nothing changes for who meets it");
	wish = lease();
	cr_expect_eq(wish.state, DEVICE_TRUSTED, "control");
	cr_expect_eq(wish.seconds, 600);
	serial = wish.serial;
	cr_expect(say(LOW));
	cr_expect_str_eq(record.facts[FACT_UNMET], "lockdown");
	wish = lease();
	cr_expect_eq(wish.state, DEVICE_UNFIT);
	cr_expect_eq(wish.seconds, 0);
	cr_expect_eq(wish.serial, serial + 1, "an older word is none any more");
	cr_expect_eq(findings("posture-unmet"), 1);
	cr_expect_not(say(LOW), "it is said once");
	cr_expect_eq(lease().serial, serial + 1);
	cr_expect(say(GOOD));
	wish = lease();
	cr_expect_eq(wish.state, DEVICE_TRUSTED);
	cr_expect_eq(wish.serial, serial + 2);
	cr_expect_str_empty(record.facts[FACT_UNMET]);
	cr_expect_eq(findings("posture-unmet"), 1);
	signing_key_free(signer);
	fixture_free(&device);
}

/* What the store says to a question for keys; none is there to be had. */
static uint16_t keys(void)
{
	static uint64_t asked_ms;
	struct key_question question = {.asked_ms = ++asked_ms,
		.boot = {1},
		.label_count = 1,
		.labels = {{0xaa}},
		.ephemeral = {9}};
	static struct console_release release;
	struct console_who who = {.id = 5, .address = "192.0.2.1"};
	uint8_t bytes[KEY_QUESTION_MAX], signature[SEGMENT_SIGNATURE_MAX];
	size_t signature_size;
	uint16_t refusal;
	int size;

	memcpy(question.device, device.uid, sizeof(question.device));
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	size = key_question_write(&question, bytes);
	cr_assert_gt(size, 0);
	cr_assert_eq(fixture_sign(bytes, (size_t)size, signature, &signature_size, device.key), 0);
	size = key_question_add_signature(bytes, (size_t)size, signature, signature_size);
	cr_assert_gt(size, 0);
	FIXTURE_DO(release_decide(fixture_store, &who, bytes, (size_t)size, &release, &refusal));
	return refusal;
}

Test(console_requirement, nor_keys)
{
	begin();
	publish(1, "lockdown", "");
	(void)say(GOOD);
	cr_expect_eq(keys(), REFUSAL_KEY_UNKNOWN, "control: it may have them, and there are none");
	(void)say(LOW);
	cr_expect_eq(keys(), REFUSAL_DEVICE_UNFIT);
	cr_expect_eq(findings("key-refused"), 1);
	(void)say(GOOD);
	cr_expect_eq(keys(), REFUSAL_KEY_UNKNOWN);
	signing_key_free(signer);
	fixture_free(&device);
}

Test(console_requirement, what_is_not_known_is_not_met)
{
	begin();
	publish(1, "disk-encryption", "");
	cr_expect_eq(lease().state, DEVICE_UNFIT, "it has said nothing of itself yet");
	cr_expect_not(say(GOOD), "nor of its disks");
	cr_expect_str_eq(record.facts[FACT_UNMET], "disk-encryption");
	cr_expect_eq(lease().state, DEVICE_UNFIT);
	cr_expect(say("{\"root_encrypted\":\"yes\",\"state_encrypted\":\"yes\"}"));
	cr_expect_eq(lease().state, DEVICE_TRUSTED);
	signing_key_free(signer);
	fixture_free(&device);
}

Test(console_requirement, a_virtual_machine_is_refused_by_a_policy_only)
{
	begin();
	publish(1, "lockdown", "");
	(void)say(VM);
	cr_expect_eq(lease().state, DEVICE_TRUSTED);
	publish(2, "lockdown, not-virtual", "");
	cr_expect_eq(lease().state, DEVICE_UNFIT, "the policy that is to be had counts");
	publish(3, "", "");
	cr_expect_eq(lease().state, DEVICE_TRUSTED);
	signing_key_free(signer);
	fixture_free(&device);
}

Test(console_requirement, a_policy_for_others_requires_nothing)
{
	begin();
	publish(1, "lockdown", "");
	publish(2, "not-virtual", "labs");
	(void)say(VM);
	cr_expect_eq(lease().state, DEVICE_TRUSTED, "control");
	FIXTURE_DO(store_tag_add(fixture_store, stored.id, "labs"));
	cr_expect_eq(lease().state, DEVICE_UNFIT);
	signing_key_free(signer);
	fixture_free(&device);
}

/* Who was sent a policy keeps it when it is for others later: so does what it requires. */
Test(console_requirement, what_was_sent_is_required)
{
	begin();
	publish(1, "not-virtual", "labs");
	(void)say(VM);
	cr_expect_eq(lease().state, DEVICE_TRUSTED, "control");
	FIXTURE_DO(store_receipt_sent(fixture_store, stored.id, 1, 5));
	cr_expect_eq(lease().state, DEVICE_UNFIT);
	signing_key_free(signer);
	fixture_free(&device);
}

#define MEASURED "\"measured\":\"yes\",\"pcrs\":"

/* As administrators do it: store/admin_pcr.c. */
static void accept_registers(void)
{
	static char json[DEVICE_RECORD_MAX];

	memcpy(record.facts[FACT_ACCEPTED], record.facts[FACT_PCRS], DEVICE_RECORD_TEXT);
	cr_assert_eq(device_record_format(&record, json), 0);
	FIXTURE_DO(store_device_describe(fixture_store, stored.id, "", "", json));
}

Test(console_requirement, what_was_measured_is_accepted_by_a_person)
{
	begin();
	publish(1, "measured-boot", "");
	(void)say("{" MEASURED "\"0=11111111 7=22222222\",\"accepted\":\"0=11111111 7=22222222\"}");
	cr_expect_eq(lease().state, DEVICE_UNFIT, "not by the device itself");
	accept_registers();
	cr_expect_eq(lease().state, DEVICE_TRUSTED);
	(void)say("{" MEASURED "\"0=11111111 7=33333333\"}");
	cr_expect_eq(lease().state, DEVICE_UNFIT);
	cr_expect_eq(findings("measured-otherwise"), 1);
	(void)say("{" MEASURED "\"0=11111111 7=22222222\"}");
	cr_expect_eq(lease().state, DEVICE_TRUSTED, "it is again as it was");
	(void)say("{\"measured\":\"differs\",\"pcrs\":\"0=11111111 7=22222222\"}");
	cr_expect_eq(lease().state, DEVICE_UNFIT, "the log does not come to it");
	signing_key_free(signer);
	fixture_free(&device);
}

Test(console_requirement, what_is_not_met_is_not_the_devices_to_say)
{
	begin();
	publish(1, "lockdown", "");
	(void)say("{\"lockdown\":\"none\",\"unmet\":\"\"}");
	cr_expect_str_eq(record.facts[FACT_UNMET], "lockdown");
	(void)say("{\"lockdown\":\"integrity\",\"unmet\":\"everything\"}");
	cr_expect_str_empty(record.facts[FACT_UNMET]);
	signing_key_free(signer);
	fixture_free(&device);
}

#define BOOT_1 "0c1d2e3f-4a5b-4c6d-8e7f-101112131415"
#define BOOT_2 "1c1d2e3f-4a5b-4c6d-8e7f-101112131415"
#define SAID(boot, lockdown)                              \
	"{\"boot\":\"" boot "\",\"lockdown\":\"" lockdown \
	"\",\"secure_boot\":\"on\",\"tpm\":\"yes\"}"

struct said {
	const char *boot, *secure_boot, *lockdown, *tpm, *enforcing;
	uint64_t bundle;
};

/* What the store makes of a ticket that says this; text is of why. */
static enum ticket_verdict shown(struct said said, const char *text)
{
	static struct ticket_parts parts;
	enum ticket_verdict verdict = TICKET_MALFORMED;
	char why[TICKET_WHY_SIZE];

	parts = (struct ticket_parts){.bundle = said.bundle, .issued_s = 1000};
	(void)snprintf(parts.posture.facts[FACT_BOOT], DEVICE_RECORD_TEXT, "%s", said.boot);
	(void)snprintf(parts.posture.facts[FACT_SECURE_BOOT], DEVICE_RECORD_TEXT, "%s",
		said.secure_boot ? said.secure_boot : "on");
	(void)snprintf(parts.posture.facts[FACT_LOCKDOWN], DEVICE_RECORD_TEXT, "%s",
		said.lockdown ? said.lockdown : "integrity");
	(void)snprintf(parts.posture.facts[FACT_TPM], DEVICE_RECORD_TEXT, "%s",
		said.tpm ? said.tpm : "yes");
	(void)snprintf(parts.posture.facts[FACT_ENFORCING], DEVICE_RECORD_TEXT, "%s",
		said.enforcing ? said.enforcing : "yes");
	FIXTURE_DO(ticket_posture_judge(fixture_store, &stored, &parts, &verdict, why));
	cr_expect(strstr(why, text), "'%s' is not in '%s'", text, why);
	return verdict;
}

Test(console_requirement, a_ticket_says_of_the_device_what_its_record_does)
{
	struct store_receipt receipt = {.applied = 5, .applied_ms = 999000};

	begin();
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .tpm = "no"}, ""), TICKET_GOOD,
		"there is nothing to be held against");
	(void)say(SAID(BOOT_1, "integrity"));
	cr_expect_eq(shown((struct said){.boot = BOOT_1}, ""), TICKET_GOOD, "control");
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .lockdown = "confidentiality"}, ""),
		TICKET_GOOD, "it can be raised");
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .lockdown = "none"}, "lockdown is 'none'"),
		TICKET_CONTRADICTS, "and not lowered");
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .secure_boot = "off"},
			     "secure_boot is 'off', its record says 'on'"),
		TICKET_CONTRADICTS);
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .tpm = "no"}, "tpm is 'no'"),
		TICKET_CONTRADICTS);
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .tpm = ""}, ""), TICKET_GOOD,
		"what it does not say is no contradiction");
	cr_expect_eq(shown((struct said){.boot = BOOT_2}, "boot is"), TICKET_CONTRADICTS,
		"a start that nobody heard of");
	(void)say(SAID(BOOT_2, "none"));
	cr_expect_eq(shown((struct said){.boot = BOOT_2}, ""), TICKET_GOOD, "now it was");
	cr_expect_eq(shown((struct said){.boot = BOOT_1}, "was followed by"), TICKET_STALE);
	FIXTURE_DO(store_receipt_applied(fixture_store, stored.id, &receipt));
	cr_expect_eq(shown((struct said){.boot = BOOT_2, .bundle = 5}, ""), TICKET_GOOD);
	cr_expect_eq(shown((struct said){.boot = BOOT_2, .bundle = 6}, ""), TICKET_GOOD,
		"that is still on its way");
	cr_expect_eq(
		shown((struct said){.boot = BOOT_2, .bundle = 4}, "under policy 4"), TICKET_STALE);
	receipt.applied_ms = 1001000;
	FIXTURE_DO(store_receipt_applied(fixture_store, stored.id, &receipt));
	cr_expect_eq(shown((struct said){.boot = BOOT_2, .bundle = 4}, ""), TICKET_GOOD,
		"the later one came behind the ticket");
	signing_key_free(signer);
	fixture_free(&device);
}

Test(console_requirement, a_ticket_of_who_does_not_meet_it_is_not_taken)
{
	begin();
	publish(1, "lockdown, enforcing, not-virtual", "");
	(void)say("{\"boot\":\"" BOOT_1 "\",\"enforcing\":\"yes\",\"lockdown\":\"integrity\","
		  "\"virtual\":\"none\"}");
	cr_expect_eq(shown((struct said){.boot = BOOT_1}, ""), TICKET_GOOD, "control");
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .enforcing = "no"}, "not met: enforcing"),
		TICKET_UNFIT, "by the ticket");
	cr_expect_eq(shown((struct said){.boot = BOOT_1, .lockdown = ""}, "not met: lockdown"),
		TICKET_UNFIT, "what it does not know does not hold");
	(void)say("{\"boot\":\"" BOOT_1 "\",\"enforcing\":\"yes\",\"lockdown\":\"none\","
		  "\"virtual\":\"likely\"}");
	cr_expect_eq(shown((struct said){.boot = BOOT_1}, "not met: lockdown not-virtual"),
		TICKET_UNFIT, "by the record");
	signing_key_free(signer);
	fixture_free(&device);
}
