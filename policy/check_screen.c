/* SPDX-License-Identifier: Apache-2.0 */
/* What of [screen] only the whole policy shows. */
#include "policy/build.h"

void check_screen(struct build *build)
{
	const struct policy_screen *screen = &build->policy->screen;

	if (screen->hours_place.line && !screen->apps.count &&
		!build_is_broken(build, SECTION_SCREEN, POLICY_INDEX_ALL))
		policy_problems_add(build->problems, &screen->hours_place, "capture-apps",
			"hours without capture-apps: expected the applications that they are for");
}
