/* SPDX-License-Identifier: Apache-2.0 */
/* [browser]: whose devices it is for. */
#include "common/browser.h"
#include "policy/build.h"

void check_browser(struct build *build)
{
	const struct policy *policy = build->policy;
	const struct policy_browser *browser = &policy->browser;

	if (!browser->place.line)
		return;
	if (!policy->login.device_of.text)
		policy_problems_add(build->problems, &browser->place, "[login] device-of",
			"[browser] without device-of in [login]: only a device of one organisation "
			"has its browsers bound to that");
	if (browser->domains.count > BROWSER_DOMAIN_MAX)
		policy_problems_add(build->problems, &browser->place, NULL,
			"too many of sign-in-domain: expected at most %d", BROWSER_DOMAIN_MAX);
}
