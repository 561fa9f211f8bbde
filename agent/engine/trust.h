/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this device is trusted, as the console's lease says (common/lease.h): the state that
 * labelled files, keys, logins and tickets hang on. Decided here, told to the kernel, which shuts
 * the labels by itself when the lease is over.
 */
#ifndef HOLDFAST_AGENT_ENGINE_TRUST_H
#define HOLDFAST_AGENT_ENGINE_TRUST_H

#include <stdbool.h>

struct engine;

enum trust_state {
	TRUST_UNMANAGED = 0, /* no [trust], or no console to ask: nothing hangs on it */
	TRUST_NEVER,	     /* no word of the console since this machine was started */
	TRUST_PENDING,	     /* not approved yet */
	TRUST_TRUSTED,
	TRUST_EXPIRED, /* was trusted; its lease is over */
	TRUST_SUSPENDED,
	TRUST_REVOKED,
	TRUST_STATE_MAX,
};

/* "never", "trusted" ...: for events and the command line. */
const char *trust_state_name(enum trust_state state);

/* As it is now, the lease's end counted. */
enum trust_state trust_state(const struct engine *engine);

/* TRUST_UNMANAGED or TRUST_TRUSTED: what hangs on trust may go on. */
bool trust_is_good(const struct engine *engine);

#endif
