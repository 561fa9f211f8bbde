/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both are the device's own word. But the record came before, over another connection, by another process of
 * the agent, and is what it got its lease for: who makes a ticket by himself has to know it.
 */
#include <stdio.h>
#include <string.h>

#include "console/store/description.h"
#include "console/store/requirement.h"
#include "console/store/ticket_check.h"

struct judging {
	const struct ticket_parts *parts;
	const struct device_record *record;
	char *why;
};

/* No ticket outlives the start it was made in: trust begins anew with each. */
static bool is_of_earlier_boot(const struct judging *judging)
{
	const char *boot = judging->parts->posture.facts[FACT_BOOT];

	if (!strcmp(boot, judging->record->facts[FACT_BOOT]) ||
		!strstr(judging->record->facts[FACT_BOOTS], boot))
		return false;
	(void)snprintf(judging->why, TICKET_WHY_SIZE, "boot %.36s was followed by %.36s", boot,
		judging->record->facts[FACT_BOOT]);
	return true;
}

/* The device itself had said, before it made the ticket, that a later one is in force. */
static bool is_of_earlier_policy(const struct judging *judging, const struct store_receipt *receipt)
{
	if (judging->parts->bundle >= receipt->applied ||
		receipt->applied_ms / 1000 > judging->parts->issued_s)
		return false;
	(void)snprintf(judging->why, TICKET_WHY_SIZE, "under policy %llu, where %llu is in force",
		(unsigned long long)judging->parts->bundle, (unsigned long long)receipt->applied);
	return true;
}

/*
 * Of what does not change while a machine runs; the kernel's lockdown can be raised. A machine describes itself
 * before it asks for a lease, so its record is of this boot.
 */
static bool is_contradicted(const struct judging *judging)
{
	static const enum device_fact facts[] = {
		FACT_BOOT, FACT_SECURE_BOOT, FACT_LOCKDOWN, FACT_ROOT_ENCRYPTED, FACT_TPM};
	const struct device_record *record = judging->record, *said = &judging->parts->posture;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *known = record->facts[facts[i]], *now = said->facts[facts[i]];

		if (!known[0] || !now[0] || !strcmp(known, now) ||
			(facts[i] == FACT_LOCKDOWN &&
				!device_record_lowered(facts[i], record, said)))
			continue;
		(void)snprintf(judging->why, TICKET_WHY_SIZE,
			"%s is '%.24s', its record says '%.24s'", device_fact_name(facts[i]), now,
			known);
		return true;
	}
	return false;
}

/* By its record, and by what the ticket says where it says something, as the engine judged. */
static bool is_unfit(const struct judging *judging, const struct posture *require)
{
	static const enum device_fact facts[] = {
		FACT_SECURE_BOOT, FACT_LOCKDOWN, FACT_ROOT_ENCRYPTED, FACT_TPM, FACT_ENFORCING};
	static struct device_record both; /* too large for the stack */
	char words[DEVICE_RECORD_TEXT];
	bool is_met = !requirement_unmet(require, judging->record, words);

	if (is_met) {
		both = *judging->record;
		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
			memcpy(both.facts[facts[i]], judging->parts->posture.facts[facts[i]],
				DEVICE_RECORD_TEXT);
		is_met = !requirement_unmet(require, &both, words);
	}
	if (!is_met)
		(void)snprintf(judging->why, TICKET_WHY_SIZE, "not met: %.80s", words);
	return !is_met;
}

int ticket_posture_judge(struct store *store, const struct store_device *device,
	const struct ticket_parts *parts, enum ticket_verdict *ret_verdict,
	char ret_why[TICKET_WHY_SIZE])
{
	static struct device_record record; /* too large for the stack */
	const struct judging judging = {parts, &record, ret_why};
	struct store_receipt receipt;
	struct posture require;
	int r = description_known(store, device->id, &record);

	if (r == 0)
		r = store_receipt(store, device->id, &receipt);
	if (r == 0)
		r = requirement_find(store, device, &require);
	if (r < 0)
		return r;
	ret_why[0] = '\0';
	*ret_verdict = is_of_earlier_boot(&judging) || is_of_earlier_policy(&judging, &receipt)
			       ? TICKET_STALE
		       : is_contradicted(&judging)    ? TICKET_CONTRADICTS
		       : is_unfit(&judging, &require) ? TICKET_UNFIT
						      : TICKET_GOOD;
	return 0;
}
