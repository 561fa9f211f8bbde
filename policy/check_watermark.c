/* SPDX-License-Identifier: Apache-2.0 */
/* What of [watermark] only the whole section shows. */
#include "policy/build.h"

void check_watermark(struct build *build)
{
	const struct policy_watermark *watermark = &build->policy->watermark;

	if (watermark->place.line && !watermark->rules.text && !watermark->rules.is_blind &&
		!build_is_broken(build, SECTION_WATERMARK, POLICY_INDEX_ALL))
		policy_problems_add(build->problems, &watermark->place, "text",
			"[watermark] without text and without blind = yes marks nothing");
}
