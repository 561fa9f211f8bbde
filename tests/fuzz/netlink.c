/* SPDX-License-Identifier: Apache-2.0 */
/* What rtnetlink says, or whoever could speak in its place. What comes of it must be within its arrays. */
#include <assert.h>
#include <string.h>

#include "agent/scout/netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct netlink_tables tables;
	static struct scout_network network;

	memset(&tables, 0, sizeof(tables));
	/* As two datagrams: tables outlive the bytes they were read from. */
	if (netlink_read(bytes, size / 2, &tables) != NETLINK_FAILED)
		(void)netlink_read(bytes + size / 2, size - size / 2, &tables);
	(void)netlink_read(bytes, size, &tables);
	netlink_network(&tables, &network);
	assert(network.address_count <= ZONE_ADDRESS_MAX);
	assert(network.gateway_count <= ZONE_GATEWAY_MAX);
	assert(network.link_count <= ZONE_LINK_MAX);
	for (size_t i = 0; i < network.link_count; i++) {
		assert(memchr(network.links[i].name, '\0', ZONE_NAME_SIZE));
		assert(memchr(network.links[i].kind, '\0', ZONE_NAME_SIZE));
	}
	return 0;
}
