/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which networks the device is: what is known of its network against the zones of a policy. Pure:
 * who finds the facts out, and how fresh they must be, is the engine's.
 */
#ifndef HOLDFAST_POLICY_ZONE_H
#define HOLDFAST_POLICY_ZONE_H

#include "policy/compile.h"

#define ZONE_ADDRESS_MAX 256 /* own addresses; more are not looked at */
#define ZONE_GATEWAY_MAX 64
#define ZONE_LINK_MAX	 128
#define ZONE_SUFFIX_MAX	 32
#define ZONE_SUFFIX_SIZE 256
#define ZONE_NAME_SIZE	 16 /* IFNAMSIZ; kinds of links fit too */

struct zone_gateway {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t mac[6];
	bool has_mac; /* who has that address answered */
};

/* A network interface that is up and running. */
struct zone_link {
	char name[ZONE_NAME_SIZE];
	char kind[ZONE_NAME_SIZE]; /* IFLA_INFO_KIND; "" = a device */
};

/* What is known of the network that the device is in. */
struct zone_facts {
	bool is_known; /* else no zone holds */
	uint8_t addresses[ZONE_ADDRESS_MAX][16];
	size_t address_count;
	struct zone_gateway gateways[ZONE_GATEWAY_MAX]; /* of default routes */
	size_t gateway_count;
	struct zone_link links[ZONE_LINK_MAX];
	size_t link_count;
	char suffixes[ZONE_SUFFIX_MAX][ZONE_SUFFIX_SIZE]; /* lower case, no dot at the end */
	size_t suffix_count;
	uint8_t beacons
		[POLICY_ZONE_MAX]; /* of each zone of the policy: 1 << beacon that answered */
};

enum zone_condition {
	ZONE_ADDRESS,
	ZONE_GATEWAY,
	ZONE_SUFFIX,
	ZONE_VPN,
	ZONE_BEACON,
	ZONE_CONDITION_MAX,
};

struct zone_state {
	uint64_t present;		/* zones that hold: 1 << position in the policy */
	uint8_t unmet[POLICY_ZONE_MAX]; /* 1 << enum zone_condition: why the others do not */
};

void policy_zones_evaluate(const struct policy_compiled *compiled, const struct zone_facts *facts,
	struct zone_state *ret_state);
/* Labels that may not be read when these zones hold. */
uint64_t policy_zones_labels(const struct policy_compiled *compiled, uint64_t present);
/* Services that may not be reached then: 1 << position in the policy. */
uint64_t policy_zones_services(const struct policy_compiled *compiled, uint64_t present);

/* The policy's word for it: "address", "dns-suffix" ... */
const char *policy_zone_condition(enum zone_condition condition);
/* What the zone wants and there is not, in words: "no address of this device is in 10.0.0.0/8". */
void policy_zone_unmet(const struct policy_compiled *compiled, size_t zone, uint8_t unmet,
	char *ret_text, size_t size);
/* The zones' titles: "the office or the VPN". What does not fit is left out. */
void policy_zone_names(
	const struct policy_compiled *compiled, uint64_t zones, char *ret_text, size_t size);

/* "wireguard", "tun" and the like: a kind of interface, not a name. */
bool policy_is_vpn_kind(const char *word);

/* An address that a service's name stands for at present. */
struct zone_resolved {
	size_t service; /* position in the policy */
	uint8_t address[16];
};

/* What the kernel looks destinations up in. */
struct zone_table {
	struct policy_dest *dests; /* own */
	size_t count;
	size_t crowded; /* a service where more port ranges meet than there is room for, so that all
			 * ports count; SIZE_MAX = none */
};

/* 0: *ret_table has the caller's memory; -E2BIG: more than HF_SERVICES_MAX prefixes; -ENOMEM. */
int policy_services_table(const struct policy_compiled *compiled,
	const struct zone_resolved *resolved, size_t resolved_count, struct zone_table *ret_table);
/* The services at an address by the policy's own prefixes and those resolved: 1 << position. */
uint64_t policy_services_at(const struct policy_compiled *compiled,
	const struct zone_resolved *resolved, size_t resolved_count, const uint8_t address[16],
	uint16_t port);

/* Each accepts NULL with 0. */
void policy_zones_free(struct policy_zone *zones, size_t count);
void policy_services_free(struct policy_service *services, size_t count);

#endif
