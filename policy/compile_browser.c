/* SPDX-License-Identifier: Apache-2.0 */
/* Copies what [browser] says of sign-in. */
#include <errno.h>

#include "common/browser.h"
#include "policy/compile_parts.h"

int compile_browser(struct compile *compile)
{
	const struct policy_browser *from = &compile->policy->browser;
	struct policy_browser_rules *browser = &compile->compiled->browser;

	if (!from->place.line)
		return 0;
	browser->browsers = from->browsers ? from->browsers : (1U << BROWSER_MAX) - 1;
	for (size_t i = 0; i < from->domains.count; i++) {
		char **domain = compile_grow(
			&browser->domains, &browser->domain_count, sizeof(*domain));

		if (!domain || compile_copy(from->domains.items[i].text, domain) < 0)
			return -ENOMEM;
	}
	return 0;
}

void compile_browser_free(struct policy_browser_rules *browser)
{
	for (size_t i = 0; i < browser->domain_count; i++)
		free(browser->domains[i]);
	free(browser->domains);
}
