/* SPDX-License-Identifier: Apache-2.0 */
/* What scout makes of rtnetlink's messages and of resolv.conf, and how it passes it on. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "agent/scout/netlink.h"
#include "agent/scout/resolv.h"

/* A datagram under construction. */
struct datagram {
	_Alignas(8) uint8_t bytes[4096];
	size_t size;
	size_t message; /* where the last one begins */
};

static void put(struct datagram *datagram, const void *bytes, size_t size)
{
	memcpy(datagram->bytes + datagram->size, bytes, size);
	datagram->size += NLMSG_ALIGN(size);
}

static void message_begin(struct datagram *datagram, uint16_t type, const void *body, size_t size)
{
	const struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_len = sizeof(header)};

	datagram->message = datagram->size;
	put(datagram, &header, sizeof(header));
	put(datagram, body, size);
}

static void message_end(struct datagram *datagram)
{
	const uint32_t size = (uint32_t)(datagram->size - datagram->message);

	memcpy(datagram->bytes + datagram->message, &size, sizeof(size));
}

static void attribute(struct datagram *datagram, uint16_t type, const void *value, size_t size)
{
	const struct rtattr header = {
		.rta_len = (uint16_t)(sizeof(header) + size), .rta_type = type};

	put(datagram, &header, sizeof(header));
	put(datagram, value, size);
}

static void add_link(struct datagram *datagram, int index, unsigned int flags, const char *name,
	const char *kind)
{
	const struct ifinfomsg info = {.ifi_index = index, .ifi_flags = flags};
	struct datagram inner = {.size = 0};

	message_begin(datagram, RTM_NEWLINK, &info, sizeof(info));
	attribute(datagram, IFLA_IFNAME, name, strlen(name) + 1);
	if (kind) {
		attribute(&inner, IFLA_INFO_KIND, kind,
			strlen(kind)); /* without a NUL, as it comes */
		attribute(datagram, IFLA_LINKINFO | NLA_F_NESTED, inner.bytes, inner.size);
	}
	message_end(datagram);
}

static void add_address(struct datagram *datagram, uint32_t index, const char *text, uint32_t flags)
{
	const struct ifaddrmsg info = {.ifa_family = AF_INET, .ifa_index = index};
	uint8_t address[4];

	cr_assert_eq(inet_pton(AF_INET, text, address), 1);
	message_begin(datagram, RTM_NEWADDR, &info, sizeof(info));
	attribute(datagram, IFA_LOCAL, address, sizeof(address));
	attribute(datagram, IFA_FLAGS, &flags, sizeof(flags));
	message_end(datagram);
}

static void add_route(struct datagram *datagram, const char *text, uint32_t index, uint32_t table)
{
	const struct rtmsg info = {.rtm_family = AF_INET, .rtm_type = RTN_UNICAST};
	uint8_t address[4];

	cr_assert_eq(inet_pton(AF_INET, text, address), 1);
	message_begin(datagram, RTM_NEWROUTE, &info, sizeof(info));
	attribute(datagram, RTA_TABLE, &table, sizeof(table));
	attribute(datagram, RTA_GATEWAY, address, sizeof(address));
	attribute(datagram, RTA_OIF, &index, sizeof(index));
	message_end(datagram);
}

static void add_neighbour(struct datagram *datagram, const char *text, int index, uint16_t state)
{
	static const uint8_t mac[6] = {0, 0x11, 0x22, 0x33, 0x44, 0x55};
	const struct ndmsg info = {.ndm_ifindex = index, .ndm_state = state};
	uint8_t address[4];

	cr_assert_eq(inet_pton(AF_INET, text, address), 1);
	message_begin(datagram, RTM_NEWNEIGH, &info, sizeof(info));
	attribute(datagram, NDA_DST, address, sizeof(address));
	attribute(datagram, NDA_LLADDR, mac, sizeof(mac));
	message_end(datagram);
}

static const char *text_of(const uint8_t address[16])
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop(AF_INET6, address, text, sizeof(text));
}

#define RUNS (IFF_UP | IFF_RUNNING)

Test(scout, what_counts_of_a_network)
{
	static struct netlink_tables tables;
	static struct scout_network network;
	struct datagram datagram = {.size = 0};

	add_link(&datagram, 1, RUNS | IFF_LOOPBACK, "lo", NULL);
	add_link(&datagram, 2, RUNS, "eth0", NULL);
	add_link(&datagram, 3, IFF_UP, "eth1", NULL); /* no carrier */
	add_link(&datagram, 4, RUNS, "wg0", "wireguard");
	add_address(&datagram, 1, "127.0.0.1", 0);
	add_address(&datagram, 2, "10.20.0.5", IFA_F_PERMANENT);
	add_address(&datagram, 2, "10.20.0.6", IFA_F_TENTATIVE);
	add_address(&datagram, 3, "10.30.0.5", 0);
	add_route(&datagram, "10.20.0.1", 2, RT_TABLE_MAIN);
	add_route(&datagram, "10.20.0.1", 2, RT_TABLE_MAIN); /* of another metric */
	add_route(&datagram, "10.20.0.2", 2, 100);
	add_route(&datagram, "10.30.0.1", 3, RT_TABLE_MAIN);
	add_neighbour(&datagram, "10.20.0.1", 2, NUD_FAILED);
	add_neighbour(&datagram, "10.20.0.1", 4, NUD_REACHABLE); /* on another link */
	cr_assert_eq(netlink_read(datagram.bytes, datagram.size, &tables), NETLINK_MORE);
	netlink_network(&tables, &network);
	cr_assert_eq(network.link_count, 2);
	cr_expect_str_eq(network.links[0].name, "eth0");
	cr_expect_str_eq(network.links[0].kind, "");
	cr_expect_str_eq(network.links[1].name, "wg0");
	cr_expect_str_eq(network.links[1].kind, "wireguard");
	cr_assert_eq(network.address_count, 1);
	cr_expect_str_eq(text_of(network.addresses[0]), "::ffff:10.20.0.5");
	cr_assert_eq(network.gateway_count, 1);
	cr_expect_str_eq(text_of(network.gateways[0].address), "::ffff:10.20.0.1");
	cr_expect_not(network.gateways[0].has_mac);
	datagram.size = 0;
	add_neighbour(&datagram, "10.20.0.1", 2, NUD_STALE);
	cr_assert_eq(netlink_read(datagram.bytes, datagram.size, &tables), NETLINK_MORE);
	netlink_network(&tables, &network);
	cr_expect(network.gateways[0].has_mac);
	cr_expect_eq(network.gateways[0].mac[5], 0x55);
}

Test(scout, a_route_of_several_hops)
{
	static struct netlink_tables tables;
	const struct rtmsg info = {
		.rtm_family = AF_INET, .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN};
	struct datagram datagram = {.size = 0}, hops = {.size = 0};

	for (uint8_t i = 0; i < 3; i++) {
		struct rtnexthop hop = {.rtnh_len = sizeof(hop) + 8, .rtnh_ifindex = 2 + i};
		const uint8_t address[4] = {10, 20, i, 1};

		if (i == 1)
			hop.rtnh_flags = RTNH_F_DEAD;
		put(&hops, &hop, sizeof(hop));
		attribute(&hops, RTA_GATEWAY, address, sizeof(address));
	}
	message_begin(&datagram, RTM_NEWROUTE, &info, sizeof(info));
	attribute(&datagram, RTA_MULTIPATH, hops.bytes, hops.size);
	message_end(&datagram);
	cr_assert_eq(netlink_read(datagram.bytes, datagram.size, &tables), NETLINK_MORE);
	cr_assert_eq(tables.gateway_count, 2);
	cr_expect_eq(tables.gateways[0].link, 2);
	cr_expect_eq(tables.gateways[1].link, 4);
	cr_expect_str_eq(text_of(tables.gateways[1].address), "::ffff:10.20.2.1");
}

Test(scout, ends_of_a_dump)
{
	static struct netlink_tables tables;
	struct datagram datagram = {.size = 0};
	int zero = 0;

	message_begin(&datagram, NLMSG_DONE, &zero, sizeof(zero));
	message_end(&datagram);
	cr_expect_eq(netlink_read(datagram.bytes, datagram.size, &tables), NETLINK_DONE);
	cr_expect_eq(netlink_read(datagram.bytes, datagram.size - 1, &tables), NETLINK_FAILED);
	datagram.size = 0;
	message_begin(&datagram, NLMSG_ERROR, &zero, sizeof(zero));
	message_end(&datagram);
	cr_expect_eq(netlink_read(datagram.bytes, datagram.size, &tables), NETLINK_FAILED);
	datagram.size = 0;
	add_link(&datagram, 2, RUNS, "eth0", NULL);
	/* Every cut is noticed, and read no further than it goes (the sanitizer of the fuzz target looks). */
	for (size_t size = 1; size < datagram.size; size++)
		cr_expect_eq(
			netlink_read(datagram.bytes, size, &tables), NETLINK_FAILED, "%zu", size);
}

static struct scout_suffixes suffixes_of(const char *text)
{
	struct scout_suffixes suffixes = {.count = 0};

	resolv_read(text, strlen(text), &suffixes);
	return suffixes;
}

Test(scout, search_domains)
{
	struct scout_suffixes is = suffixes_of(
		"# search no.example\nnameserver 10.0.0.1\nsearch Corp.Example. b.example\t"
		"corp.example ../x .y\noptions ndots:2\n");

	cr_assert_eq(is.count, 2);
	cr_expect_str_eq(is.suffixes[0], "corp.example");
	cr_expect_str_eq(is.suffixes[1], "b.example");
	is = suffixes_of("search a.example\r\ndomain b.example\n searching c.example\nsearch");
	cr_assert_eq(is.count, 1); /* the last line that has any counts */
	cr_expect_str_eq(is.suffixes[0], "b.example");
	cr_expect_eq(suffixes_of("").count, 0);
	cr_expect_eq(suffixes_of("search ").count, 0);
}

Test(scout, what_is_said_is_understood)
{
	static uint8_t buffer[WIRE_FRAME_MAX];
	static struct scout_want want, got;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;

	want = (struct scout_want){.wants_mac = true, .name_count = SCOUT_NAME_MAX};
	for (size_t i = 0; i < SCOUT_NAME_MAX; i++) /* the largest of all frames */
		memset(want.names[i], 'a', SCOUT_NAME_SIZE - 1);
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_WANT);
	scout_put_want(&frame, &want);
	cr_assert_geq(wire_end(&frame), 0);
	cr_assert_eq(wire_open(buffer, frame.used, &type, &payload), 0);
	scout_get_want(&payload, &got);
	cr_expect(bytes_is_done(&payload));
	cr_expect(!memcmp(&want, &got, sizeof(want)));
	cr_assert_eq(wire_open(buffer, frame.used, &type, &payload), 0);
	buffer[WIRE_HEADER_SIZE + 2] = 0xff; /* more names than there may be */
	scout_get_want(&payload, &got);
	cr_expect_not(bytes_is_done(&payload));
}
