/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [protection]. */
#include <stdlib.h>
#include <string.h>

#include "policy/values.h"
#include "policy/words.h"

static void protect(struct build *build, void *field, const char *value, bool may_block)
{
	static const char *const words[] = {[HF_VERDICT_ALLOW] = "allow",
		[HF_VERDICT_AUDIT] = "audit",
		[HF_VERDICT_BLOCK] = "block"};
	struct policy_protect *where = field;

	for (uint8_t i = 0; i <= HF_VERDICT_BLOCK; i++) {
		if (!words[i] || strcmp(words[i], value))
			continue;
		if (i == HF_VERDICT_BLOCK && !may_block)
			break;
		*where = (struct policy_protect){.is_given = true, .action = i};
		return;
	}
	build_problem(build, policy_action_nearest(value), "%s '%.40s': expected %s",
		build->key->name, value, may_block ? "allow, audit or block" : "allow or audit");
}

void value_protect(struct build *build, void *field, const char *value)
{
	protect(build, field, value, true);
}

void value_protect_seen(struct build *build, void *field, const char *value)
{
	protect(build, field, value, false);
}

void value_clock_tolerance(struct build *build, void *field, const char *value)
{
	struct policy_protection *protection = field;
	unsigned long seconds = strtoul(value, NULL, 10);

	if (!*value || strlen(value) > 5 || strspn(value, "0123456789") != strlen(value) ||
		seconds > POLICY_CLOCK_TOLERANCE_MAX_S) {
		build_problem(build, NULL, "clock-tolerance '%.40s': expected seconds from 0 to %d",
			value, POLICY_CLOCK_TOLERANCE_MAX_S);
		return;
	}
	protection->has_clock_tolerance = true;
	protection->clock_tolerance_s = (uint32_t)seconds;
}
