/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and attributes by hand, each held against the bytes that are there: rtnetlink(7), rtnetlink's
 * headers in include/uapi/linux.
 */
#include "agent/scout/netlink.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define MAPPED_FIRST 10 /* of ::ffff:a.b.c.d */

/* Bytes that are left, of a message or of attributes. */
struct span {
	const uint8_t *at;
	size_t left;
};

/* The next attribute's kind (NLA_F_NESTED taken off) and value; false at the end, or past it. */
static bool attribute_next(struct span *span, unsigned int *ret_kind, struct span *ret_value)
{
	struct rtattr attribute;
	size_t whole;

	if (span->left < sizeof(attribute))
		return false;
	memcpy(&attribute, span->at, sizeof(attribute));
	if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > span->left)
		return false;
	*ret_kind = attribute.rta_type & (unsigned int)NLA_TYPE_MASK;
	*ret_value = (struct span){
		span->at + sizeof(attribute), attribute.rta_len - sizeof(attribute)};
	whole = RTA_ALIGN(attribute.rta_len);
	if (whole > span->left)
		whole = span->left;
	span->at += whole;
	span->left -= whole;
	return true;
}

/* Takes a header of that size off the front. */
static bool header_take(struct span *span, void *ret_header, size_t size)
{
	size_t whole = NLMSG_ALIGN(size);

	if (span->left < size)
		return false;
	memcpy(ret_header, span->at, size);
	if (whole > span->left)
		whole = span->left;
	span->at += whole;
	span->left -= whole;
	return true;
}

/* IPv4 as ::ffff:a.b.c.d. False: of another size. */
static bool address_get(const struct span *value, uint8_t ret_address[16])
{
	if (value->left == 16) {
		memcpy(ret_address, value->at, 16);
		return true;
	}
	if (value->left != 4)
		return false;
	memset(ret_address, 0, 16);
	ret_address[MAPPED_FIRST] = ret_address[MAPPED_FIRST + 1] = 0xff;
	memcpy(ret_address + MAPPED_FIRST + 2, value->at, 4);
	return true;
}

static uint32_t number_get(const struct span *value)
{
	uint32_t number = 0;

	if (value->left >= sizeof(number))
		memcpy(&number, value->at, sizeof(number));
	return number;
}

/* A name of at most 15 bytes; "" when it is longer. */
static void name_get(const struct span *value, char ret_name[ZONE_NAME_SIZE])
{
	size_t size = strnlen((const char *)value->at, value->left);

	memset(ret_name, 0, ZONE_NAME_SIZE);
	if (size < ZONE_NAME_SIZE)
		memcpy(ret_name, value->at, size);
}

static void link_read(struct span span, struct netlink_tables *tables)
{
	struct netlink_link *link;
	struct ifinfomsg info;
	struct span value, inner;
	unsigned int kind;

	if (!header_take(&span, &info, sizeof(info)) || tables->link_count >= NETLINK_LINK_MAX)
		return;
	link = &tables->links[tables->link_count++];
	*link = (struct netlink_link){
		.index = info.ifi_index,
		.is_up = (info.ifi_flags & IFF_UP) && (info.ifi_flags & IFF_RUNNING),
		.is_loopback = info.ifi_flags & IFF_LOOPBACK,
	};
	while (attribute_next(&span, &kind, &value)) {
		if (kind == IFLA_IFNAME)
			name_get(&value, link->link.name);
		if (kind != IFLA_LINKINFO)
			continue;
		while (attribute_next(&value, &kind, &inner))
			if (kind == IFLA_INFO_KIND)
				name_get(&inner, link->link.kind);
	}
}

static void address_read(struct span span, struct netlink_tables *tables)
{
	struct netlink_address address = {0};
	struct ifaddrmsg info;
	struct span value;
	unsigned int kind;
	uint32_t flags;
	bool is_there = false, is_local = false;

	if (!header_take(&span, &info, sizeof(info)))
		return;
	flags = info.ifa_flags;
	while (attribute_next(&span, &kind, &value)) {
		if (kind == IFA_FLAGS && value.left >= sizeof(flags))
			flags = number_get(&value);
		else if (kind ==
			 IFA_LOCAL) /* IFA_ADDRESS is then the other end of a point-to-point link */
			is_local = is_there = address_get(&value, address.address);
		else if (kind == IFA_ADDRESS && !is_local)
			is_there = address_get(&value, address.address);
	}
	if (!is_there || (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
		tables->address_count >= ZONE_ADDRESS_MAX)
		return;
	address.link = (int)info.ifa_index;
	tables->addresses[tables->address_count++] = address;
}

static void gateway_add(struct netlink_tables *tables, int link, const struct span *value)
{
	struct netlink_gateway gateway = {.link = link};

	if (!address_get(value, gateway.address))
		return;
	for (size_t i = 0; i < tables->gateway_count; i++)
		if (tables->gateways[i].link == link &&
			!memcmp(tables->gateways[i].address, gateway.address, 16))
			return;
	if (tables->gateway_count < ZONE_GATEWAY_MAX)
		tables->gateways[tables->gateway_count++] = gateway;
}

/* Gateways of one way, of a route or of one hop of it. RTA_VIA has a family before the address. */
static void gateways_read(struct span attributes, int link, struct netlink_tables *tables)
{
	struct span value;
	unsigned int kind;

	while (attribute_next(&attributes, &kind, &value)) {
		if (kind == RTA_VIA && value.left > sizeof(__u16)) {
			value.at += sizeof(__u16);
			value.left -= sizeof(__u16);
			gateway_add(tables, link, &value);
		} else if (kind == RTA_GATEWAY) {
			gateway_add(tables, link, &value);
		}
	}
}

static void hops_read(struct span hops, struct netlink_tables *tables)
{
	struct rtnexthop hop;

	while (hops.left >= sizeof(hop)) {
		size_t whole;

		memcpy(&hop, hops.at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > hops.left)
			return;
		if (!(hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)))
			gateways_read(
				(struct span){hops.at + sizeof(hop), hop.rtnh_len - sizeof(hop)},
				hop.rtnh_ifindex, tables);
		whole = RTNH_ALIGN(hop.rtnh_len);
		if (whole > hops.left)
			whole = hops.left;
		hops.at += whole;
		hops.left -= whole;
	}
}

/* Default routes of the main table. */
static void route_read(struct span span, struct netlink_tables *tables)
{
	struct span attributes, value, hops = {0};
	struct rtmsg info;
	unsigned int kind;
	uint32_t table;
	int link = 0;

	if (!header_take(&span, &info, sizeof(info)) || info.rtm_dst_len != 0 ||
		info.rtm_type != RTN_UNICAST || (info.rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)))
		return;
	table = info.rtm_table;
	attributes = span;
	while (attribute_next(&span, &kind, &value)) {
		if (kind == RTA_TABLE)
			table = number_get(&value);
		else if (kind == RTA_OIF)
			link = (int)number_get(&value);
		else if (kind == RTA_MULTIPATH)
			hops = value;
	}
	if (table != RT_TABLE_MAIN)
		return;
	gateways_read(attributes, link, tables);
	hops_read(hops, tables);
}

static bool is_gateway(const struct netlink_tables *tables, const struct netlink_neighbour *who)
{
	for (size_t i = 0; i < tables->gateway_count; i++)
		if (tables->gateways[i].link == who->link &&
			!memcmp(tables->gateways[i].address, who->address, 16))
			return true;
	return false;
}

/* Whoever has answered, once; routes must have been read before. */
static void neighbour_read(struct span span, struct netlink_tables *tables)
{
	const unsigned int answered = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE |
				      NUD_PERMANENT;
	struct netlink_neighbour neighbour = {0};
	bool has_address = false, has_mac = false;
	struct span value;
	struct ndmsg info;
	unsigned int kind;

	if (!header_take(&span, &info, sizeof(info)) || !(info.ndm_state & answered))
		return;
	neighbour.link = info.ndm_ifindex;
	while (attribute_next(&span, &kind, &value)) {
		if (kind == NDA_DST)
			has_address = address_get(&value, neighbour.address);
		if (kind == NDA_LLADDR && value.left == sizeof(neighbour.mac)) {
			memcpy(neighbour.mac, value.at, sizeof(neighbour.mac));
			has_mac = true;
		}
	}
	if (has_address && has_mac && is_gateway(tables, &neighbour) &&
		tables->neighbour_count < NETLINK_NEIGHBOUR_MAX)
		tables->neighbours[tables->neighbour_count++] = neighbour;
}

enum netlink_end netlink_read(const void *bytes, size_t size, struct netlink_tables *tables)
{
	struct span span = {bytes, size};

	while (span.left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		struct span payload;
		size_t whole;

		memcpy(&header, span.at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > span.left)
			return NETLINK_FAILED;
		payload = (struct span){
			span.at + sizeof(header), header.nlmsg_len - sizeof(header)};
		/* NLM_F_DUMP_INTR: it changed under way, and a change is told of anyway. */
		switch (header.nlmsg_type) {
		case NLMSG_DONE:
			return NETLINK_DONE;
		case NLMSG_ERROR:
			return NETLINK_FAILED;
		case RTM_NEWLINK:
			link_read(payload, tables);
			break;
		case RTM_NEWADDR:
			address_read(payload, tables);
			break;
		case RTM_NEWROUTE:
			route_read(payload, tables);
			break;
		case RTM_NEWNEIGH:
			neighbour_read(payload, tables);
			break;
		default: /* others may come some day */
			break;
		}
		whole = NLMSG_ALIGN(header.nlmsg_len);
		if (whole > span.left)
			whole = span.left;
		span.at += whole;
		span.left -= whole;
	}
	return span.left ? NETLINK_FAILED : NETLINK_MORE;
}

static const struct netlink_link *link_find(const struct netlink_tables *tables, int index)
{
	for (size_t i = 0; i < tables->link_count; i++)
		if (tables->links[i].index == index)
			return &tables->links[i];
	return NULL;
}

static bool is_running(const struct netlink_tables *tables, int index)
{
	const struct netlink_link *link = link_find(tables, index);

	return link && link->is_up && !link->is_loopback;
}

static void gateway_tell(const struct netlink_tables *tables, const struct netlink_gateway *from,
	struct zone_gateway *ret_gateway)
{
	memcpy(ret_gateway->address, from->address, 16);
	for (size_t i = 0; i < tables->neighbour_count; i++) {
		const struct netlink_neighbour *neighbour = &tables->neighbours[i];

		if (neighbour->link != from->link ||
			memcmp(neighbour->address, from->address, 16) != 0)
			continue;
		memcpy(ret_gateway->mac, neighbour->mac, sizeof(neighbour->mac));
		ret_gateway->has_mac = true;
	}
}

void netlink_network(const struct netlink_tables *tables, struct scout_network *ret_network)
{
	memset(ret_network, 0, sizeof(*ret_network)); /* two of them are compared as a whole */
	for (size_t i = 0; i < tables->address_count; i++)
		if (is_running(tables, tables->addresses[i].link))
			memcpy(ret_network->addresses[ret_network->address_count++],
				tables->addresses[i].address, 16);
	for (size_t i = 0; i < tables->gateway_count; i++)
		if (is_running(tables, tables->gateways[i].link))
			gateway_tell(tables, &tables->gateways[i],
				&ret_network->gateways[ret_network->gateway_count++]);
	for (size_t i = 0; i < tables->link_count; i++)
		if (tables->links[i].is_up && !tables->links[i].is_loopback &&
			ret_network->link_count < ZONE_LINK_MAX)
			ret_network->links[ret_network->link_count++] = tables->links[i].link;
}
