/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What engine and scout say to each other: the engine what it wants to know, scout what it finds.
 * Each message has its put and its get; a get that fails is a broken peer. Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_SCOUT_H
#define HOLDFAST_AGENT_IPC_SCOUT_H

#include "common/beacon.h"
#include "common/wire.h"
#include "policy/zone.h"

#define SCOUT_LETTER	   'Z' /* to the supervisor: wanted; from it: here is its socket */
#define SCOUT_NAME_MAX	   (POLICY_SERVICE_NAME_MAX + POLICY_BEACONS_MAX) /* names that are resolved */
#define SCOUT_NAME_SIZE	   256
#define SCOUT_RESOLVED_MAX 32 /* addresses of one name */

enum scout_message {
	/* engine to scout */
	SCOUT_WANT =
		1,     /* wants_mac u8: whose gateway, count u16, {name}: instead of earlier ones */
	SCOUT_ASK = 2, /* struct scout_ask: a datagram to be sent */
	/* scout to engine */
	SCOUT_NETWORK = 10,  /* struct scout_network: all of it, again whenever it changes */
	SCOUT_SUFFIXES = 11, /* count u16, {suffix}; likewise */
	SCOUT_NAME = 12,     /* struct scout_name */
	SCOUT_ANSWER = 13,   /* struct beacon_answer: whose it is, its number says */
};

struct scout_want {
	bool wants_mac; /* of routers: who has none is spoken to, so that it shows */
	size_t name_count;
	char names[SCOUT_NAME_MAX][SCOUT_NAME_SIZE];
};

struct scout_ask {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	uint8_t question[BEACON_QUESTION_SIZE];
};

/* As in struct zone_facts. */
struct scout_network {
	size_t address_count;
	uint8_t addresses[ZONE_ADDRESS_MAX][16];
	size_t gateway_count;
	struct zone_gateway gateways[ZONE_GATEWAY_MAX];
	size_t link_count;
	struct zone_link links[ZONE_LINK_MAX];
};

struct scout_suffixes {
	size_t count;
	char suffixes[ZONE_SUFFIX_MAX][ZONE_SUFFIX_SIZE];
};

struct scout_name {
	char name[SCOUT_NAME_SIZE];
	bool is_known; /* else it could not be resolved */
	size_t count;
	uint8_t addresses[SCOUT_RESOLVED_MAX][16];
};

void scout_put_want(struct bytes_writer *frame, const struct scout_want *want);
void scout_get_want(struct bytes_reader *payload, struct scout_want *ret_want);
void scout_put_ask(struct bytes_writer *frame, const struct scout_ask *ask);
void scout_get_ask(struct bytes_reader *payload, struct scout_ask *ret_ask);
void scout_put_network(struct bytes_writer *frame, const struct scout_network *network);
void scout_get_network(struct bytes_reader *payload, struct scout_network *ret_network);
void scout_put_suffixes(struct bytes_writer *frame, const struct scout_suffixes *suffixes);
void scout_get_suffixes(struct bytes_reader *payload, struct scout_suffixes *ret_suffixes);
void scout_put_name(struct bytes_writer *frame, const struct scout_name *name);
void scout_get_name(struct bytes_reader *payload, struct scout_name *ret_name);
void scout_put_answer(struct bytes_writer *frame, const struct beacon_answer *answer);
void scout_get_answer(struct bytes_reader *payload, struct beacon_answer *ret_answer);

#endif
