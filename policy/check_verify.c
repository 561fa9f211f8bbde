/* SPDX-License-Identifier: Apache-2.0 */
/* What of second verification only the whole policy shows. */
#include <string.h>

#include "common/verification.h"
#include "policy/build.h"
#include "policy/words.h"

#define ISSUER_MAX 255 /* bytes; value_link() has no limit of its own */

static bool is_same(const struct policy_label *a, const struct policy_label *b)
{
	return a->verify == b->verify && policy_verify_grace(a) == policy_verify_grace(b);
}

/* The kernel part has room for so many different ones for each user. */
static void check_slots(struct build *build)
{
	const struct policy *policy = build->policy;
	const struct policy_label *seen[POLICY_VERIFY_SLOTS];
	size_t count = 0;

	for (size_t i = 0; i < policy->label_count; i++) {
		const struct policy_label *label = &policy->labels[i];
		size_t at = 0;

		if (!label->verify)
			continue;
		while (at < count && !is_same(seen[at], label))
			at++;
		if (at < count)
			continue;
		if (count < POLICY_VERIFY_SLOTS) {
			seen[count++] = label;
			continue;
		}
		policy_problems_add(build->problems,
			label->grace_place.line ? &label->grace_place : &label->verify_place, NULL,
			"[label %s] is one more pair of verify and verify-grace: expected at most "
			"%d different ones in one policy, as in [label %s] at %s:%u",
			label->name, POLICY_VERIFY_SLOTS, seen[0]->name, seen[0]->place.file,
			seen[0]->place.line);
		return;
	}
}

static void check_label(struct build *build, size_t index)
{
	const struct policy_label *label = &build->policy->labels[index];
	const struct policy_verify *verify = &build->policy->verify;

	if (label->grace_place.line && !label->verify &&
		!build_is_broken(build, SECTION_LABEL, index))
		policy_problems_add(build->problems, &label->grace_place, "verify = password",
			"verify-grace without verify: expected what the user verifies with");
	if (label->verify & 1U << VERIFY_PAGE && (!verify->page_issuer || !verify->page_client) &&
		!build_is_broken(build, SECTION_VERIFY, 0))
		policy_problems_add(build->problems, &label->verify_place,
			"[verify] page-issuer, page-client",
			"verify 'page' without the page: expected page-issuer and page-client in "
			"[verify]");
}

static void check_section(struct build *build, bool is_used)
{
	const struct policy_verify *verify = &build->policy->verify;
	bool ends_idle = verify->ends & 1U << VERIFY_CAUSE_IDLE;

	if (!verify->place.line || build_is_broken(build, SECTION_VERIFY, 0))
		return;
	if (!is_used && !build_is_broken(build, SECTION_LABEL, POLICY_INDEX_ALL))
		policy_problems_add(build->problems, &verify->place,
			"remove it, or say verify in a label", "[verify] is never used");
	if (verify->has_ends && ends_idle && !verify->idle_s)
		policy_problems_add(build->problems, &verify->place, "idle = 10m",
			"[verify] ends with idle, and does not say after how long");
	if (verify->has_ends && !ends_idle && verify->idle_s)
		policy_problems_add(build->problems, &verify->place, "ends = lock, idle",
			"[verify] says idle, and ends does not name it");
	if (verify->page_issuer && strlen(verify->page_issuer) > ISSUER_MAX)
		policy_problems_add(build->problems, &verify->place, NULL,
			"page-issuer too long: expected at most %d bytes", ISSUER_MAX);
}

void check_verify(struct build *build)
{
	const struct policy *policy = build->policy;
	bool is_used = false;

	for (size_t i = 0; i < policy->label_count; i++) {
		check_label(build, i);
		is_used |= policy->labels[i].verify != 0;
	}
	check_section(build, is_used);
	check_slots(build);
}
