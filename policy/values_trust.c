/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [trust]. */
#include <stdio.h>
#include <string.h>

#include "common/lease.h"
#include "policy/values.h"
#include "policy/words.h"

static void require_add(struct build *build, void *field, char *word)
{
	const char *words[POSTURE_MAX], *known;
	char levels[POSTURE_WORD_MAX];
	struct policy_trust *trust = field;
	unsigned int condition;

	if (posture_add(&trust->require, word, &condition) == 0)
		return;
	if (condition < POSTURE_MAX) {
		posture_levels(condition, levels);
		known = posture_word(condition);
		build_problem(build,
			strpbrk(word, "=:") ? "a space, and no sign, before the level" : NULL,
			levels[0] ? "require '%.60s': expected %s, and %s behind it if you like"
				  : "require '%.60s': expected %s with nothing behind it",
			word, known, levels);
		return;
	}
	for (unsigned int i = 0; i < POSTURE_MAX; i++)
		words[i] = posture_word(i);
	word[strcspn(word, " \t=:")] = '\0';
	known = policy_word_nearest(word, words, POSTURE_MAX);
	build_problem(build, known ? known : "see [trust] in holdfast-policy(5)",
		"require '%.60s': expected a condition such as secure-boot or disk-encryption",
		word);
}

void value_require(struct build *build, void *field, const char *value)
{
	struct policy_trust *trust = field;

	if (!trust->require_place.line)
		trust->require_place = build->place;
	value_each_word(build, trust, value, require_add);
}

void value_on_revoke(struct build *build, void *field, const char *value)
{
	const char *words[] = {
		"keep", lease_order_name(LEASE_ORDER_KEYS), lease_order_name(LEASE_ORDER_WIPE)};
	uint8_t *where = field;

	if (strcmp(value, words[0]) && strcmp(value, words[1]) && strcmp(value, words[2])) {
		build_problem(build, policy_word_nearest(value, words, 3),
			"on-revoke '%.40s': expected keep, keys or wipe", value);
		return;
	}
	*where = (uint8_t)lease_order_of_name(value); /* of "keep": none */
}
