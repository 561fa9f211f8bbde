/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAuth 2.0 Device Authorization Grant (RFC 8628) with an OpenID Connect provider (Discovery 1.0): a code
 * is shown, the user signs in with it in any browser, and the provider's ID token says who that was.
 */
#ifndef HOLDFAST_AGENT_PAGE_DEVICE_FLOW_H
#define HOLDFAST_AGENT_PAGE_DEVICE_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_FLOW_TEXT       1024
#define DEVICE_FLOW_ANSWER     65536 /* bytes of one answer of the provider */
#define DEVICE_FLOW_WAIT_S     900   /* at most, whatever the provider says */
#define DEVICE_FLOW_INTERVAL_S 5     /* between two questions; RFC 8628, 3.2 */

struct device_flow_wish {
	const char *issuer;
	const char *client;
	const char *claim;
	const char *domain; /* "" = none */
	const char *ca;	    /* "" = the system's */
	const char *user;
	/* Shows where to go and which code to enter. False: nobody waits any more. */
	bool (*show)(const char *address, const char *code, void *userdata);
	bool (*is_gone)(void *userdata); /* whether anybody waits */
	void *userdata;
};

/*
 * 0 when the user has signed in; -EACCES when that was refused, or was somebody else; -ETIMEDOUT; other
 * negative errno when the provider can't be asked. ret_words says it.
 */
int device_flow_run(const struct device_flow_wish *wish, char ret_words[DEVICE_FLOW_TEXT]);

#endif
