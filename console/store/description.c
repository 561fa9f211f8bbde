/* SPDX-License-Identifier: Apache-2.0 */
/* Before and after, fact by fact. */
#include "console/store/description.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/attestation.h"
#include "console/store/requirement.h"

#define BOOTS_KEPT 3 /* before the present one; fit a fact */

int description_known(struct store *store, int64_t device, struct device_record *ret_record)
{
	static char json[STORE_DETAILS_SIZE]; /* too large for the stack */
	int r;

	_Static_assert(STORE_DETAILS_SIZE >= DEVICE_RECORD_MAX, "a record fits");
	*ret_record = (struct device_record){0};
	r = store_device_details(store, device, json);
	if (r < 0)
		return r;
	if (json[0] && device_record_parse(json, strlen(json), false, ret_record) < 0)
		*ret_record = (struct device_record){0}; /* of an earlier version: told anew */
	return 0;
}

static int add_finding(
	struct store *store, const struct store_device *device, const char *kind, const char *text)
{
	struct store_finding finding = {.device = device->id,
		.time_ms = (int64_t)clock_day_ms(),
		.first = device->ack,
		.last = device->ack};

	(void)snprintf(finding.kind, sizeof(finding.kind), "%s", kind);
	(void)snprintf(finding.text, sizeof(finding.text), "%s", text); /* cut */
	return store_finding_add(store, &finding);
}

static int find_worse(struct store *store, const struct store_device *device,
	const struct device_record *before, const struct device_record *after)
{
	char text[STORE_WHY_SIZE];
	int r = 0;

	for (unsigned int fact = 0; r == 0 && fact < FACT_MAX; fact++) {
		const char *kind = device_record_lowered((enum device_fact)fact, before, after);

		if (!kind)
			kind = device_record_changed((enum device_fact)fact, before, after);
		if (!kind)
			continue;
		(void)snprintf(text, sizeof(text), "%s was '%s', and is '%s'",
			device_fact_name((enum device_fact)fact), before->facts[fact],
			after->facts[fact]);
		r = add_finding(store, device, kind, text);
	}
	return r;
}

/*
 * One boot follows another and never comes back. So who says so that is not the device, but
 * another one with its key: or a machine that was set back to a snapshot of its memory.
 */
static bool was_boot(const struct device_record *known, const char *boot)
{
	return boot[0] && strcmp(known->facts[FACT_BOOT], boot) != 0 &&
	       strstr(known->facts[FACT_BOOTS], boot);
}

static void keep_boots(const struct device_record *known, struct device_record *now)
{
	const char *boot = known->facts[FACT_BOOT], *before = known->facts[FACT_BOOTS];
	char *boots = now->facts[FACT_BOOTS];

	if (!now->facts[FACT_BOOT][0])
		(void)snprintf(now->facts[FACT_BOOT], DEVICE_RECORD_TEXT, "%s", boot);
	if (!boot[0] || !strcmp(boot, now->facts[FACT_BOOT])) {
		(void)snprintf(boots, DEVICE_RECORD_TEXT, "%s", before);
		return;
	}
	(void)snprintf(boots, DEVICE_RECORD_TEXT, "%.36s%s%.*s", boot, before[0] ? " " : "",
		(BOOTS_KEPT - 1) * UUID_TEXT_SIZE - 1, before);
}

static void name_machine(const struct device_record *record, char ret_text[160])
{
	(void)snprintf(ret_text, 160, "'%.30s %.40s' serial '%.40s' (%.16s)",
		record->facts[FACT_VENDOR], record->facts[FACT_PRODUCT], record->facts[FACT_SERIAL],
		record->facts[FACT_MACHINE]);
}

static int find_copies(struct store *store, const struct store_device *device,
	const struct device_record *before, const struct device_record *after, const char *address)
{
	char text[STORE_WHY_SIZE], was[160], is[160];

	if (device_record_is_other_machine(before, after)) {
		name_machine(before, was);
		name_machine(after, is);
		(void)snprintf(text, sizeof(text),
			"the key of %s speaks from %s at %.63s: a copy, or the machine's board was "
			"exchanged, or its system installed anew",
			was, is, address);
	} else if (was_boot(before, after->facts[FACT_BOOT])) {
		(void)snprintf(text, sizeof(text),
			"boot %.36s speaks again at %.63s after boot %.36s did: two machines take "
			"turns with one key, or one was set back to a snapshot",
			after->facts[FACT_BOOT], address, before->facts[FACT_BOOT]);
	} else {
		return 0;
	}
	return add_finding(store, device, "key-on-two-machines", text);
}

/* Who is logged in, was seen now, and since the session began, if the device's clock knew. */
static int see_accounts(struct store *store, const struct store_device *device,
	const struct description *description)
{
	static struct device_accounts accounts; /* too large for the stack, as the next one */
	static struct store_device locked;
	int64_t now_ms = (int64_t)clock_day_ms();
	int r;

	if (device_accounts_parse(description->json, description->size, &accounts) < 0 ||
		!accounts.count)
		return 0;
	r = store_device_lock(store, device->id, &locked); /* first, as who stores its events */
	for (unsigned int i = 0; i < accounts.count && r == 0; i++) {
		int64_t since_ms = accounts.list[i].since_ms;
		struct store_user user = {.last_ms = now_ms,
			.first_ms = since_ms && since_ms < now_ms ? since_ms : now_ms};

		memcpy(user.name, accounts.list[i].name, sizeof(user.name));
		r = store_user_seen(store, device->id, &user);
	}
	return r;
}

/* The TPM's word; of what is none there is a finding. */
static int take_quote(struct store *store, const struct store_device *device,
	const struct description *description, struct device_record *record)
{
	char quote[DEVICE_QUOTE_SIZE];
	const char *kind;
	int r;

	device_quote_parse(description->json, description->size, quote);
	r = attestation_take(store, device, quote, record, &kind);
	if (r < 0 || !kind || !strcmp(record->facts[FACT_QUOTE], kind)) /* it is said once */
		return r;
	(void)snprintf(record->facts[FACT_QUOTE], DEVICE_RECORD_TEXT, "%s", kind);
	return add_finding(store, device, kind,
		"what its TPM is said to have measured is not signed as it was the first time: it "
		"is another TPM, or it was made up");
}

int description_take(struct store *store, struct store_device *device,
	const struct description *description, struct device_record *ret_record, bool *ret_changed)
{
	static char json[DEVICE_RECORD_MAX], known_json[DEVICE_RECORD_MAX];
	static struct device_record known, now; /* too large for the stack */
	uint8_t boot[CONSOLE_UID_SIZE];
	int r;

	r = description_known(store, device->id, &known);
	if (r < 0)
		return r;
	*ret_record = known;
	*ret_changed = false;
	if (device_record_parse(description->json, description->size, true, &now) < 0)
		return 0;
	r = see_accounts(store, device, description);
	if (r < 0)
		return r;
	if (uuid_parse(now.facts[FACT_BOOT], boot) < 0)
		now.facts[FACT_BOOT][0] = '\0';
	keep_boots(&known, &now);
	for (unsigned int fact = FACT_BOOTS + 1; fact < FACT_MAX; fact++)
		memcpy(now.facts[fact], known.facts[fact], DEVICE_RECORD_TEXT);
	r = take_quote(store, device, description, &now);
	if (r < 0)
		return r;
	r = requirement_judge(store, device, &now, ret_changed);
	if (r < 0)
		return r;
	if (device_record_format(&now, json) < 0 || device_record_format(&known, known_json) < 0)
		return 0;
	*ret_record = now;
	if (!strcmp(json, known_json))
		return 0;
	r = find_copies(store, device, &known, &now, description->who->address);
	if (r == 0)
		r = find_worse(store, device, &known, &now);
	return r < 0 ? r : store_device_describe(store, device->id, "", now.facts[FACT_OS], json);
}
