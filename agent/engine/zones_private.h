/* SPDX-License-Identifier: Apache-2.0 */
/* What the zones*.c files of the engine share. Not for anyone else. */
#ifndef HOLDFAST_AGENT_ENGINE_ZONES_PRIVATE_H
#define HOLDFAST_AGENT_ENGINE_ZONES_PRIVATE_H

#include "agent/engine/zones.h"
#include "agent/ipc/scout.h"
#include "common/channel.h"

#define ZONES_RESOLVED_MAX 4096 /* addresses of names that are kept */

/* A beacon of a zone of the policy in force. */
struct zones_beacon {
	size_t zone;
	size_t index; /* in the zone */
	struct beacon_question question;
	struct signing_key *key; /* own */
	bool is_asked;
	unsigned int failures; /* questions in a row that were not answered */
	uint64_t asked_ns;
	uint64_t proven_ns; /* 0 = not in this network */
};

/* An address that a name had. */
struct zones_address {
	char name[SCOUT_NAME_SIZE];
	uint8_t address[16];
	uint64_t seen_ns;
};

struct zones {
	struct channel scout; /* fd -EBADF = there is none */
	bool has_scout;
	uint64_t asked_ns;		/* for one */
	bool has_network, has_suffixes; /* told by this one */
	struct zone_facts facts;
	struct zone_state state; /* of the policy in force */
	uint64_t present;	 /* of its zones, what is in force: opened when it is quiet */
	uint64_t quiet_ns;	 /* from then on */
	bool is_told;		 /* an event said so */
	struct zones_beacon beacons[POLICY_BEACONS_MAX];
	size_t beacon_count;
	struct zones_address *addresses; /* own */
	size_t address_count;
	bool is_between;   /* of two policies: the sensor is not told of the new one's zones yet */
	bool is_table_old; /* addresses have changed */
};

/* zones.c: what is known has changed. */
void zones_evaluate(struct engine *engine);

/* zones_beacon.c */
void beacons_policy(struct engine *engine);
void beacons_done(struct zones *zones);
/* The network is another one: what was proven in it does not count. */
void beacons_forget(struct zones *zones);
void beacons_tick(struct engine *engine);
void beacons_on_answer(struct engine *engine, const struct beacon_answer *answer);

/* zones_names.c */
/* What scout is to resolve. */
void names_fill(const struct engine *engine, struct scout_want *ret_want);
/* What was known before the engine was started. */
void names_load(struct engine *engine);
void names_on_name(struct engine *engine, const struct scout_name *name);
/* Addresses that have not been seen for a day go. */
void names_tick(struct engine *engine);
/* Of services, as policy/zone.h wants them; the caller frees. NULL without memory, or without any. */
struct zone_resolved *names_resolved(const struct engine *engine, size_t *ret_count);
/* The addresses that a host has, at most `most`; itself when it is one. */
size_t names_addresses(
	const struct zones *zones, const char *host, uint8_t (*ret_addresses)[16], size_t most);

#endif
