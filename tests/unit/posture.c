/* SPDX-License-Identifier: Apache-2.0 */
/* What can be required of a device: words, levels, and what holds over which facts. */
#include "common/posture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The highest of everything. */
static const char *const best[][2] = {{"secure_boot", "on"}, {"lockdown", "confidentiality"},
	{"measured", "yes"}, {"key", "tpm"}, {"root_encrypted", "yes"}, {"state_encrypted", "yes"},
	{"swap", "none"}, {"taint", "none"}, {"debug_closed", "all"}, {"agent_files", "good"},
	{"enforcing", "yes"}, {"virtual", "none"}, {"emulated", "none"}};

struct facts {
	const char *changed; /* this one is `value`; NULL = none */
	const char *value;
};

static const char *fact(const char *name, void *userdata)
{
	const struct facts *facts = userdata;

	if (facts->changed && !strcmp(facts->changed, name))
		return facts->value;
	for (size_t i = 0; i < sizeof(best) / sizeof(best[0]); i++)
		if (!strcmp(best[i][0], name))
			return best[i][1];
	return NULL;
}

static const char *nothing(const char *name, void *userdata)
{
	(void)name;
	(void)userdata;
	return NULL;
}

static const struct posture *parsed(const char *text)
{
	static struct posture posture;

	cr_assert_eq(posture_parse(text, &posture), 0, "%s", text);
	return &posture;
}

static bool holds(const char *text, const char *changed, const char *value)
{
	struct facts facts = {changed, value};

	return !posture_unmet(parsed(text), fact, &facts);
}

Test(posture, each_word_alone_holds_at_the_best_and_not_of_what_is_not_known)
{
	for (unsigned int i = 0; i < POSTURE_MAX; i++) {
		struct facts facts = {0};

		cr_assert_not_null(posture_word(i));
		cr_expect_eq(posture_unmet(parsed(posture_word(i)), fact, &facts), 0, "%s",
			posture_word(i));
		cr_expect_eq(posture_unmet(parsed(posture_word(i)), nothing, NULL),
			UINT32_C(1) << i, "%s", posture_word(i));
		cr_expect(strlen(posture_advice(i)) > 20);
	}
	cr_expect_null(posture_word(POSTURE_MAX));
}

Test(posture, levels)
{
	cr_expect(holds("lockdown", "lockdown", "integrity"));
	cr_expect(holds("lockdown", "lockdown", "confidentiality"));
	cr_expect_not(holds("lockdown", "lockdown", "none"));
	cr_expect_not(holds("lockdown confidentiality", "lockdown", "integrity"));
	cr_expect(holds("no-debug", "debug_closed", "users"));
	cr_expect_not(holds("no-debug all", "debug_closed", "users"));
	cr_expect_not(holds("no-debug", "debug_closed", "no"));
	cr_expect(holds("measured-boot", "measured", "proven"));
	cr_expect_not(holds("measured-boot proven", "measured", "yes"));
	cr_expect(holds("untainted", "taint", "trouble"));
	cr_expect_not(holds("untainted none", "taint", "trouble"));
	cr_expect_not(holds("untainted", "taint", "foreign"));
}

Test(posture, a_virtual_machine_is_what_the_policy_makes_of_it)
{
	cr_expect(holds("secure-boot", "virtual", "certain"), "nothing is refused unasked");
	cr_expect_not(holds("not-virtual", "virtual", "certain"));
	cr_expect_not(holds("not-virtual", "virtual", "likely"));
	cr_expect_not(holds("not-virtual", "virtual", "unknown"));
	cr_expect(holds("not-virtual likely", "virtual", "likely"));
	cr_expect_not(holds("not-virtual likely", "virtual", "certain"));
	cr_expect(holds("not-emulated", "virtual", "certain"));
	cr_expect_not(holds("not-emulated", "emulated", "certain"));
}

Test(posture, of_two_facts_both_must_hold)
{
	cr_expect(holds("disk-encryption", NULL, NULL));
	cr_expect_not(holds("disk-encryption", "root_encrypted", "no"));
	cr_expect_not(holds("disk-encryption", "state_encrypted", "no"));
	cr_expect_not(holds("disk-encryption", "state_encrypted", ""));
}

Test(posture, text_comes_back_the_same)
{
	static const char all[] =
		"secure-boot, lockdown confidentiality, measured-boot, tpm-key, disk-encryption, "
		"swap-encryption none, untainted none, no-debug all, agent-integrity, enforcing, "
		"not-virtual likely, not-emulated likely";
	char text[POSTURE_TEXT_MAX];

	posture_format(parsed(all), text);
	cr_expect_str_eq(text, all, "%s", text);
	posture_format(parsed("not-virtual,secure-boot , lockdown integrity"), text);
	cr_expect_str_eq(text, "secure-boot, lockdown, not-virtual");
	posture_format(parsed("lockdown confidentiality, lockdown"), text);
	cr_expect_str_eq(text, "lockdown confidentiality", "the stronger of two counts");
	posture_format(parsed(""), text);
	cr_expect_str_eq(text, "");
	cr_expect(posture_is_empty(parsed("")));
	cr_expect_not(posture_is_empty(parsed("not-virtual")));
}

Test(posture, what_is_none)
{
	static const char *const bad[] = {"colour", "secure-boot,", ",secure-boot",
		"secure-boot,,lockdown", "secure-boot on", "lockdown none", "lockdown=integrity",
		"not-virtual certain", " ", "secure-boot lockdown", "no-debug all all",
		"Secure-Boot"};
	struct posture posture = {.least = {7}};
	char text[POSTURE_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool is_alone = !strcmp(bad[i], "secure-boot,");

		if (is_alone) /* what a list that goes on ends with */
			continue;
		cr_expect_eq(posture_parse(bad[i], &posture), -EBADMSG, "%s", bad[i]);
		cr_expect_eq(posture.least[0], 7, "nothing is written");
	}
	memset(text, ' ', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_expect_eq(posture_parse(text, &posture), -EBADMSG);
}

Test(posture, what_does_not_hold_is_said)
{
	struct facts facts = {"lockdown", "none"};
	char text[POSTURE_WORD_MAX];

	posture_say(parsed("lockdown confidentiality"), POSTURE_LOCKDOWN, fact, &facts, text);
	cr_expect_str_eq(text, "lockdown confidentiality: lockdown is 'none'", "%s", text);
	facts = (struct facts){"state_encrypted", NULL};
	posture_say(parsed("disk-encryption"), POSTURE_DISK_ENCRYPTION, fact, &facts, text);
	cr_expect_str_eq(text, "disk-encryption: state_encrypted is not known", "%s", text);
}
