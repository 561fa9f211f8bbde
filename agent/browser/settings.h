/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which settings a browser signs in to some domains only. What there is, and no more:
 *
 *   AllowedDomainsForApps     all three: Google's services take accounts of these domains only (a header,
 *			       X-GoogApps-Allowed-Domains, on requests to them)
 *   RestrictSigninToPattern   Chromium, Chrome: whom the browser itself signs in
 *   DisableFirefoxAccounts    Firefox: its own accounts know no domains
 *
 * Sources: Chrome Enterprise's policy list; Mozilla's policy-templates.
 */
#ifndef HOLDFAST_AGENT_BROWSER_SETTINGS_H
#define HOLDFAST_AGENT_BROWSER_SETTINGS_H

#include <json-c/json_object.h>

#include "agent/ipc/browser.h"

#define SETTINGS_FILE_MAX (256 * 1024) /* bytes of a file of settings */

/* The bytes of a file; NULL = there is none. */
struct text {
	char *bytes; /* own, with a NUL behind that size does not count */
	size_t size;
};

/* Names of all settings that are ours, NULL at the end. */
const char *const *settings_names(enum browser browser);

/* All of them with their values: an object, the caller's. NULL without memory. */
struct json_object *settings_object(enum browser browser, const struct browser_want *want);

/* NULL when it is no JSON object; comments are taken. The caller's. */
struct json_object *settings_parse(const struct text *text);
/* As a person would write it. 0 or -ENOMEM. */
int settings_format(struct json_object *object, struct text *ret_text);

bool text_is_equal(const struct text *a, const struct text *b);
/* -ENOMEM. A copy of none is none. */
int text_copy(const struct text *from, struct text *ret_copy);
void text_done(struct text *text);

#endif
