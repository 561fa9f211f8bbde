/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy, which requirement, which facts. */
#include "console/store/requirement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/store/attestation.h"
#include "console/store/description.h"
#include "console/store/distribution.h"
#include "policy/bundle.h"

#define KEPT 16 /* requirements at hand: a policy's bundle never changes */

static struct {
	char digest[65]; /* of its files; "" = free */
	uint64_t version;
	struct posture require;
} kept[KEPT];
static unsigned int next;

/* The newest that it was sent or would be: what it has to meet, whether it has it yet or not. */
static int version_find(
	struct store *store, const struct store_device *device, uint64_t *ret_version)
{
	struct store_receipt receipt;
	uint64_t version;
	int r = distribution_find(store, device->id, device->uid, 0, &version);

	if (r == 0)
		r = store_receipt(store, device->id, &receipt);
	if (r == 0)
		*ret_version = version > receipt.sent ? version : receipt.sent;
	return r;
}

static int read_bundle(
	struct store *store, const struct store_policy *policy, struct posture *ret_require)
{
	auto_free uint8_t *bytes = NULL;
	struct bundle bundle;
	size_t size;
	int r = store_policy_bundle(store, policy->version, &bytes, &size);

	if (r < 0)
		return r;
	if (bundle_parse(bytes, size, &bundle) < 0) /* no device would take it */
		memset(&bundle.require, 0, sizeof(bundle.require));
	memcpy(kept[next].digest, policy->digest, sizeof(kept[next].digest));
	kept[next].version = policy->version;
	kept[next].require = *ret_require = bundle.require;
	next = (next + 1) % KEPT;
	return 0;
}

int requirement_find(
	struct store *store, const struct store_device *device, struct posture *ret_require)
{
	static struct store_policy policy; /* too large for the stack */
	uint64_t version = 0;
	int r = version_find(store, device, &version);

	if (r < 0)
		return r;
	*ret_require = (struct posture){0};
	if (!version)
		return 0;
	r = store_policy_get(store, version, &policy);
	if (r < 0)
		return r == -ENOENT ? 0 : r; /* of a database that was set back */
	for (unsigned int i = 0; i < KEPT; i++)
		if (kept[i].version == version && !strcmp(kept[i].digest, policy.digest)) {
			*ret_require = kept[i].require;
			return 0;
		}
	return read_bundle(store, &policy, ret_require);
}

/*
 * The device's word for that the log agrees, the administrator's for that it is the right one; the
 * TPM's, if there is one, for that it is so.
 */
static const char *measured(const struct device_record *record)
{
	const char *accepted = record->facts[FACT_ACCEPTED], *proven = attestation_proven(record);

	if (strcmp(record->facts[FACT_MEASURED], "yes") != 0)
		return record->facts[FACT_MEASURED];
	if (!accepted[0])
		return "not accepted";
	if (strcmp(accepted, record->facts[FACT_PCRS]) != 0 ||
		(proven[0] && record->facts[FACT_ACCEPTED_QUOTE][0] &&
			strcmp(proven, record->facts[FACT_ACCEPTED_QUOTE]) != 0))
		return "not as accepted";
	return proven[0] && record->facts[FACT_ACCEPTED_QUOTE][0] ? "proven" : "yes";
}

static const char *fact(const char *name, void *userdata)
{
	const struct device_record *record = userdata;
	enum device_fact which = device_fact_find(name);

	if (which == FACT_MEASURED)
		return measured(record);
	return which < FACT_MAX ? record->facts[which] : NULL;
}

static void *lend(const struct device_record *record)
{
	void *userdata;

	memcpy(&userdata, &record, sizeof(userdata)); /* is only read */
	return userdata;
}

uint32_t requirement_unmet(const struct posture *require, const struct device_record *record,
	char ret_words[DEVICE_RECORD_TEXT])
{
	uint32_t unmet = posture_unmet(require, fact, lend(record));
	size_t used = 0;

	ret_words[0] = '\0';
	for (unsigned int i = 0; i < POSTURE_MAX; i++)
		if (unmet & UINT32_C(1) << i && used < DEVICE_RECORD_TEXT)
			used += (size_t)snprintf(ret_words + used, DEVICE_RECORD_TEXT - used,
				"%s%s", used ? " " : "", posture_word(i)); /* cut */
	return unmet;
}

void requirement_say(const struct posture *require, unsigned int condition,
	const struct device_record *record, char ret_text[POSTURE_WORD_MAX])
{
	posture_say(require, condition, fact, lend(record), ret_text);
}

static int add_finding(
	struct store *store, const struct store_device *device, const char *was, const char *unmet)
{
	struct store_finding finding = {.device = device->id,
		.time_ms = (int64_t)clock_day_ms(),
		.first = device->ack,
		.last = device->ack,
		.kind = "posture-unmet"};

	(void)snprintf(finding.text, sizeof(finding.text),
		"does not meet what its policy requires: %s%s%s; it is not trusted until it does",
		unmet, was[0] ? "; before that: " : "", was); /* cut */
	return store_finding_add(store, &finding);
}

int requirement_judge(struct store *store, struct store_device *device,
	struct device_record *record, bool *ret_changed)
{
	char unmet[DEVICE_RECORD_TEXT], was[DEVICE_RECORD_TEXT];
	struct posture require;
	int r = requirement_find(store, device, &require);

	if (r < 0)
		return r;
	(void)requirement_unmet(&require, record, unmet);
	memcpy(was, record->facts[FACT_UNMET], sizeof(was));
	*ret_changed = strcmp(was, unmet) != 0;
	if (!*ret_changed)
		return 0;
	memcpy(record->facts[FACT_UNMET], unmet, sizeof(unmet));
	if (unmet[0]) {
		r = add_finding(store, device, was, unmet);
		if (r < 0)
			return r;
	}
	if (!was[0] == !unmet[0]) /* trusted or not as before */
		return 0;
	device->word++;
	r = store_device_set_word(store, device->id, device->word);
	return r < 0 ? r : store_notice_add(store, device->id);
}

int requirement_look(struct store *store, struct store_device *device,
	char ret_unmet[DEVICE_RECORD_TEXT], bool *ret_changed)
{
	static struct device_record record; /* too large for the stack */
	static char json[DEVICE_RECORD_MAX];
	int r = description_known(store, device->id, &record);

	if (r == 0)
		r = requirement_judge(store, device, &record, ret_changed);
	if (r == 0 && *ret_changed) {
		r = device_record_format(&record, json);
		if (r == 0)
			r = store_device_describe(
				store, device->id, "", record.facts[FACT_OS], json);
	}
	if (r == 0)
		memcpy(ret_unmet, record.facts[FACT_UNMET], DEVICE_RECORD_TEXT);
	return r;
}
