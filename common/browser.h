/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Browsers whose sign-in the policy binds to the organisation's domains, and where each reads what its
 * administrator says. Numbers are wire values.
 */
#ifndef HOLDFAST_COMMON_BROWSER_H
#define HOLDFAST_COMMON_BROWSER_H

#define BROWSER_DOMAIN_MAX  16	/* of one policy */
#define BROWSER_DOMAIN_SIZE 254 /* RFC 1035, 2.3.4, as written with dots, and a NUL */

enum browser {
	BROWSER_CHROMIUM,
	BROWSER_CHROME,
	BROWSER_FIREFOX, /* and Firefox ESR */
	BROWSER_MAX,
};

struct browser_file {
	const char *name;      /* in policies and messages */
	const char *directory; /* from the root directory on */
	const char *file;      /* in there */
};

/* NULL for a number that is none. */
const struct browser_file *browser_file(unsigned int browser);

/* Negative when there is none of that name. */
int browser_parse(const char *name);

#endif
