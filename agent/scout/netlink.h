/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rtnetlink(7) says of this machine's network, put together from its messages: links that run, own
 * addresses, where default routes lead, and who answers there. Reading bytes only; no socket.
 */
#ifndef HOLDFAST_AGENT_SCOUT_NETLINK_H
#define HOLDFAST_AGENT_SCOUT_NETLINK_H

#include "agent/ipc/scout.h"

#define NETLINK_LINK_MAX      512 /* that are looked at; of each kind the first ones */
#define NETLINK_NEIGHBOUR_MAX 256

struct netlink_link {
	int index;
	bool is_up;
	bool is_loopback;
	struct zone_link link;
};

struct netlink_address {
	int link;
	uint8_t address[16];
};

struct netlink_gateway {
	int link;
	uint8_t address[16];
};

struct netlink_neighbour {
	int link;
	uint8_t address[16];
	uint8_t mac[6];
};

/* Gathered by dumps of links, addresses, routes and neighbours. */
struct netlink_tables {
	struct netlink_link links[NETLINK_LINK_MAX];
	size_t link_count;
	struct netlink_address addresses[ZONE_ADDRESS_MAX];
	size_t address_count;
	struct netlink_gateway gateways[ZONE_GATEWAY_MAX];
	size_t gateway_count;
	struct netlink_neighbour neighbours[NETLINK_NEIGHBOUR_MAX]; /* of gateways only */
	size_t neighbour_count;
};

enum netlink_end {
	NETLINK_MORE = 0,
	NETLINK_DONE,	/* the dump is whole */
	NETLINK_FAILED, /* it is not: to be asked for again */
};

/* Adds what one datagram of a dump says. */
enum netlink_end netlink_read(const void *bytes, size_t size, struct netlink_tables *tables);

/* What of it counts: of links that are up. */
void netlink_network(const struct netlink_tables *tables, struct scout_network *ret_network);

#endif
