/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections each address has. An entry lives as long as it has one. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_ADDRESS_H
#define HOLDFAST_CONSOLE_FRONTEND_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;
struct addresses;

struct address_count {
	struct address_count *next; /* of the same bucket */
	uint8_t network[16];	    /* IPv4: mapped, all of it; IPv6: its /64, one customer's */
	unsigned int connections;
	unsigned int strangers;
};

/* NULL without memory or randomness. */
struct addresses *addresses_new(void);
void addresses_free(struct addresses *addresses);
/* One more connection of that address; the entry is borrowed until it leaves. NULL without memory. */
struct address_count *addresses_enter(
	struct addresses *addresses, const struct sockaddr_storage *address);
/* Likewise, of a device: a table of its own, whose networks are uids. */
struct address_count *addresses_enter_device(struct addresses *addresses, const uint8_t device[16]);
void addresses_leave(struct addresses *addresses, struct address_count *count);

/* Of a network as above, for tables: nobody who does not know the seed can make two alike. */
uint64_t address_hash(uint64_t seed, const uint8_t network[16]);

/* Without the port; IPv4 that came over IPv6 as IPv4; "?" for other families. size: 46 at least. */
void address_format(const struct sockaddr_storage *address, char *ret_text, size_t size);

#endif
