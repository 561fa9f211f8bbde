/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chromium and Chrome take every file of their directory (Chrome Enterprise, "Set up Chrome on Linux");
 * Firefox, ESR too, takes one: /etc/firefox, before its own directory "distribution" (Mozilla's
 * policy-templates).
 */
#include "common/browser.h"

#include <stddef.h>
#include <string.h>

static const struct browser_file files[BROWSER_MAX] = {
	[BROWSER_CHROMIUM] = {"chromium", "/etc/chromium/policies/managed", "holdfast.json"},
	[BROWSER_CHROME] = {"chrome", "/etc/opt/chrome/policies/managed", "holdfast.json"},
	[BROWSER_FIREFOX] = {"firefox", "/etc/firefox/policies", "policies.json"},
};

const struct browser_file *browser_file(unsigned int browser)
{
	return browser < BROWSER_MAX ? &files[browser] : NULL;
}

int browser_parse(const char *name)
{
	for (int i = 0; i < BROWSER_MAX; i++)
		if (!strcmp(files[i].name, name))
			return i;
	return -1;
}
