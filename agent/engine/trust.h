/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this device is trusted, as the console's lease says (common/lease.h): the state that
 * labelled files, keys, logins and tickets hang on. Decided here, told to the kernel, which shuts
 * the labels by itself when the lease is over.
 */
#ifndef HOLDFAST_AGENT_ENGINE_TRUST_H
#define HOLDFAST_AGENT_ENGINE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lease.h"

struct engine;
struct json_object;

enum trust_state {
	TRUST_UNMANAGED = 0, /* no [trust], or no console to ask: nothing hangs on it */
	TRUST_NEVER,	     /* no word of the console since this machine was started */
	TRUST_PENDING,	     /* not approved yet */
	TRUST_TRUSTED,
	TRUST_EXPIRED, /* was trusted; its lease is over */
	TRUST_SUSPENDED,
	TRUST_REVOKED,
	TRUST_UNFIT, /* would be, but does not meet what the policy requires: posture.h */
	TRUST_STATE_MAX,
};

/* "never", "trusted" ...: for events and the command line. */
const char *trust_state_name(enum trust_state state);

/* As it is now, the lease's end counted. */
enum trust_state trust_state(const struct engine *engine);
/* TRUST_UNMANAGED or TRUST_TRUSTED: what hangs on trust may go on. */
bool trust_is_good(const struct engine *engine);
/* When the lease ends, by CLOCK_BOOTTIME; 0 = there is none, or it is worth nothing. */
uint64_t trust_until_ns(const struct engine *engine);

/* At start, once the database is there: what was seen before. */
void trust_start(struct engine *engine);
/*
 * A new word of the console, the end of one: to the kernel, and told. Looks at files, so the loop calls
 * it a few times a second.
 */
void trust_tick(struct engine *engine);
/* The same for a policy that is about to be published, with the gates that go with it. */
void trust_refresh(struct engine *engine);

/* For status: {"state", "until", "lease", "serial" ...}. NULL without memory; caller puts. */
struct json_object *trust_object(const struct engine *engine);

/* --- trust_lease.c: the file that uplink left --- */

struct trust_seen {
	uint64_t inode;
	int64_t changed_ns, size;
};

/* Part of struct engine. */
struct trust {
	enum trust_state told; /* as events have it */
	uint32_t told_unmet;   /* likewise, what is not met */
	uint64_t waiting_ns;   /* since when there is no word, which is not told yet; 0 = no such */
	bool has_console;      /* one is configured */
	struct lease word;     /* serial 0: none that is good was seen on this boot */
	struct trust_seen file; /* that was looked at last */
	uint64_t again_ns;	/* it could not be proven yet: when to try again */
	uint64_t serial;	/* highest that was ever seen of this device */
	uint8_t device[LEASE_ID_SIZE];
	char shown[192]; /* what TRUST_NAME says */
};

/* True when there is a new word, which was proven; what is not taken is told. */
bool trust_lease_read(struct engine *engine);

/* trust_key.c: the hash of the device's key, of keyring, which alone knows it. 0 or negative errno. */
int trust_key_hash(const struct engine *engine, uint8_t ret_hash[LEASE_HASH_SIZE]);

#endif
