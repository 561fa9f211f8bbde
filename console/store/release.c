/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS knows the device, and this asks what it is now; that the question is keyring's, and no other
 * device's, is proven by its signature, here so that a finding can say so, and again by the authority.
 */
#include "console/store/release.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mark_id.h"
#include "console/store/identify.h"
#include "console/store/requirement.h"
#include "console/store/rule.h"

#define HOUR_MS (60 * 60 * INT64_C(1000))
#define KEEP_MS \
	(100 * 24 * HOUR_MS) /* longer than a certificate holds: what is older proves nothing */

_Static_assert(STORE_WRAPPED_SIZE == CONSOLE_WRAPPED_SIZE, "a wrapped key fits");

/* One for each reason and hour, or a device that tries on and on would fill the table. */
static int note_refusal(struct store *store, const struct store_device *device, uint16_t refusal,
	const char *address)
{
	struct store_finding finding = {.device = device->id,
		.kind = "key-refused",
		.time_ms = (int64_t)clock_day_ms(),
		.first = refusal};

	finding.last = (uint64_t)(finding.time_ms / HOUR_MS);
	(void)snprintf(finding.text, sizeof(finding.text),
		"keys of labels were not released to it, at %s: %s (%s)", address,
		refusal_row(refusal)->text, refusal_row(refusal)->code);
	return store_finding_add(store, &finding);
}

static bool is_by(const struct store_certificate *certificate, const void *question, size_t size)
{
	const uint8_t *at = certificate->der;
	X509 *parsed = d2i_X509(NULL, &at, certificate->size);
	bool is_good = parsed && key_question_is_signed(question, size, X509_get0_pubkey(parsed));

	X509_free(parsed);
	return is_good;
}

/* Was it asked before; has the device asked too often. */
static int check_new(struct store *store, const struct store_device *device,
	const struct key_question *asked, const void *question, size_t size, uint16_t *ret_refusal)
{
	struct store_key_question row = {.device = device->id,
		.asked_ms = (int64_t)asked->asked_ms,
		.time_ms = (int64_t)clock_day_ms()};
	int64_t count;
	int r;

	memcpy(row.boot, asked->boot, sizeof(row.boot));
	if (EVP_Digest(question, size, row.hash, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	r = store_key_question_add(store, &row, row.time_ms - KEEP_MS);
	if (r == -EEXIST) {
		*ret_refusal = REFUSAL_KEY_REPLAYED;
		return 0;
	}
	if (r == 0)
		r = store_key_questions(store, device->id, row.time_ms - HOUR_MS, &count);
	if (r == 0 && count > RELEASE_HOURLY)
		*ret_refusal = REFUSAL_RATE;
	return r;
}

/* What its policy requires must hold now, whatever lease it has. */
static int check_fit(struct store *store, struct store_device *device, uint16_t *ret_refusal)
{
	char unmet[DEVICE_RECORD_TEXT];
	bool is_changed;
	int r = requirement_look(store, device, unmet, &is_changed);

	if (r == 0 && unmet[0])
		*ret_refusal = REFUSAL_DEVICE_UNFIT;
	return r;
}

/* A prefix as a rule's condition: the same words, the same meaning. */
static bool network_rule(const char *prefix, size_t size, struct rule *ret_rule)
{
	char text[RULE_VALUE_SIZE + 16];
	const char *why;

	if (size >= RULE_VALUE_SIZE)
		return false;
	(void)snprintf(text, sizeof(text), "network=%.*s\n", (int)size, prefix);
	return rule_parse(text, ret_rule, &why) == 0;
}

bool release_networks_are_good(const char *networks)
{
	struct rule rule;
	unsigned int count = 0;

	for (const char *at = networks; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		if (!size || ++count > RELEASE_NETWORKS_MAX || !network_rule(at, size, &rule))
			return false;
		at += size;
	}
	return true;
}

static bool is_allowed_from(
	const struct store_key_terms *terms, const struct store_device *device, const char *address)
{
	const struct rule_subject subject = {.device = device, .address = address};
	struct rule rule;

	if (!terms->networks[0])
		return true;
	for (const char *at = terms->networks; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		if (network_rule(at, size, &rule) && rule_matches(&rule, &subject))
			return true;
		at += size;
	}
	return false;
}

void release_key(const struct store_key *row, bool is_newest, struct console_key *ret_key)
{
	*ret_key = (struct console_key){
		.generation = row->generation, .is_newest = is_newest, .slot = row->slot};
	memcpy(ret_key->label, row->label, sizeof(ret_key->label));
	memcpy(ret_key->home, row->home, sizeof(ret_key->home));
	memcpy(ret_key->wrapped, row->wrapped, sizeof(ret_key->wrapped));
}

/* The generations of a label that are readable; or why not. */
static int add_label(struct store *store, const uint8_t *label, struct console_release *release,
	uint16_t *ret_refusal)
{
	static struct store_key rows[64];
	unsigned int added = 0;
	int count = store_keys(store, label, rows, 64);

	if (count < 0)
		return count;
	for (int i = 0; i < count && added < KEY_GENERATIONS_MAX; i++)
		if (!rows[i].destroyed_ms)
			release_key(&rows[i], added++ == 0, &release->keys[release->count++]);
	*ret_refusal = added ? REFUSAL_NONE : count ? REFUSAL_KEY_DESTROYED : REFUSAL_KEY_UNKNOWN;
	return 0;
}

/* The newest generation of the tenant's, as which the authority makes this user's pen of it. */
static int add_mark(struct store *store, const struct store_device *device,
	const struct mark_id *mark, struct console_release *release, uint16_t *ret_refusal)
{
	struct mark_id pen = {.uid = mark->uid};
	struct store_key row;
	uint8_t tenants[CONSOLE_UID_SIZE];
	int r;

	mark_id_write(&(const struct mark_id){.uid = MARK_ID_TENANT}, tenants);
	r = store_keys(store, tenants, &row, 1);
	*ret_refusal = r == 0 ? REFUSAL_KEY_UNKNOWN : REFUSAL_KEY_DESTROYED;
	if (r <= 0 || row.destroyed_ms)
		return r < 0 ? r : 0;
	*ret_refusal = REFUSAL_KEY_QUESTION;
	if (mark->uid == MARK_ID_TENANT || mark->part != MARK_WHOLE || mark->subject)
		return 0;
	r = store_mark_subject(store, device->id, mark->uid, (int64_t)clock_day_ms(), &pen.subject);
	if (r < 0)
		return r;
	mark_id_write(&pen, row.label);
	release_key(&row, true, &release->keys[release->count++]);
	*ret_refusal = REFUSAL_NONE;
	return 0;
}

static int decide_label(struct store *store, const struct identity *identity,
	const struct key_question *asked, const uint8_t *label, const char *address,
	struct console_release *release, uint16_t *ret_refusal)
{
	struct store_key_terms terms;
	struct mark_id mark;
	int r;

	if (mark_id_read(label, &mark))
		return add_mark(store, &identity->device, &mark, release, ret_refusal);
	r = store_key_terms(store, label, &terms);
	if (r < 0)
		return r;
	*ret_refusal = REFUSAL_KEY_NETWORK;
	if (!is_allowed_from(&terms, &identity->device, address))
		return 0;
	*ret_refusal = REFUSAL_KEY_UNVERIFIED;
	if (terms.is_for_verified && !asked->is_verified)
		return 0;
	if (terms.seconds && terms.seconds < release->seconds)
		release->seconds = (uint32_t)terms.seconds;
	return add_label(store, label, release, ret_refusal);
}

/* Those labels whose terms are met; with none, the first that is not says why. */
static int decide_labels(struct store *store, const struct identity *identity,
	const struct key_question *asked, const char *address, struct console_release *release,
	uint16_t *ret_refusal)
{
	uint16_t first = REFUSAL_NONE, refusal;
	int r = 0;

	release->seconds = RELEASE_SECONDS;
	for (unsigned int i = 0; i < asked->label_count && r == 0; i++) {
		r = decide_label(
			store, identity, asked, asked->labels[i], address, release, &refusal);
		if (r == 0 && refusal != REFUSAL_NONE) {
			first = first ? first : refusal;
			if (refusal != REFUSAL_KEY_UNKNOWN)
				r = note_refusal(store, &identity->device, refusal, address);
		}
	}
	*ret_refusal = release->count ? REFUSAL_NONE : first;
	return r;
}

int release_decide(struct store *store, const struct console_who *who, const void *question,
	size_t size, struct console_release *ret_release, uint16_t *ret_refusal)
{
	static struct identity identity; /* too large for the stack */
	struct key_question asked;
	int r;

	r = identify(store, who->certificate, who->address, &identity, ret_refusal);
	if (r < 0)
		return r;
	if (*ret_refusal != REFUSAL_NONE) /* of no known device there is nothing to note */
		return identity.device.id
			       ? note_refusal(store, &identity.device, *ret_refusal, who->address)
			       : 0;
	if (size > KEY_QUESTION_MAX || key_question_parse(question, size, &asked) < 0 ||
		memcmp(asked.device, identity.device.uid, sizeof(asked.device)) != 0 ||
		!is_by(&identity.certificate, question, size)) {
		*ret_refusal = REFUSAL_KEY_QUESTION;
		return note_refusal(store, &identity.device, *ret_refusal, who->address);
	}
	r = store_device_lock(store, identity.device.id, &identity.device);
	if (r == 0)
		r = check_fit(store, &identity.device, ret_refusal);
	if (r == 0 && *ret_refusal == REFUSAL_NONE)
		r = check_new(store, &identity.device, &asked, question, size, ret_refusal);
	if (r < 0)
		return r;
	if (*ret_refusal != REFUSAL_NONE)
		return note_refusal(store, &identity.device, *ret_refusal, who->address);
	*ret_release = (struct console_release){.id = who->id,
		.certificate_size = identity.certificate.size,
		.question_size = (uint16_t)size};
	memcpy(ret_release->device, identity.device.uid, sizeof(ret_release->device));
	memcpy(ret_release->certificate, identity.certificate.der, identity.certificate.size);
	memcpy(ret_release->question, question, size);
	return decide_labels(store, &identity, &asked, who->address, ret_release, ret_refusal);
}
