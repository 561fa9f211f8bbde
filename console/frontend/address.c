/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "common/cleanup.h"

#define BUCKETS	     4096
#define NETWORK_SIZE 8 /* bytes of an IPv6 address that count */

struct addresses {
	uint64_t seed; /* so that nobody can choose addresses of one bucket */
	struct address_count *buckets[BUCKETS];
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct addresses *addresses_new(void)
{
	auto_free struct addresses *addresses = calloc(1, sizeof(*addresses));

	if (!addresses || getrandom(&addresses->seed, sizeof(addresses->seed), 0) !=
				  (ssize_t)sizeof(addresses->seed))
		return NULL;
	return take_ptr(addresses);
}

void addresses_free(struct addresses *addresses)
{
	if (!addresses)
		return;
	for (unsigned int i = 0; i < BUCKETS; i++)
		while (addresses->buckets[i]) {
			struct address_count *count = addresses->buckets[i];

			addresses->buckets[i] = count->next;
			free(count);
		}
	free(addresses);
}

static void network_of(const struct sockaddr_storage *address, uint8_t ret_network[16])
{
	memset(ret_network, 0, 16);
	if (address->ss_family == AF_INET) {
		memcpy(ret_network, mapped, sizeof(mapped));
		memcpy(ret_network + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		const uint8_t *bytes = ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;

		memcpy(ret_network, bytes,
			memcmp(bytes, mapped, sizeof(mapped)) ? NETWORK_SIZE : 16);
	}
}

/* Multiply and fold, seeded: murmur3's finaliser over both halves. */
uint64_t address_hash(uint64_t seed, const uint8_t network[16])
{
	uint64_t hash = seed;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t half;

		memcpy(&half, network + i * sizeof(half), sizeof(half));
		hash ^= half;
		hash ^= hash >> 33;
		hash *= UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 33;
		hash *= UINT64_C(0xc4ceb9fe1a85ec53);
		hash ^= hash >> 33;
	}
	return hash;
}

static unsigned int bucket_of(const struct addresses *addresses, const uint8_t network[16])
{
	return (unsigned int)(address_hash(addresses->seed, network) % BUCKETS);
}

struct address_count *addresses_enter(
	struct addresses *addresses, const struct sockaddr_storage *address)
{
	uint8_t network[16];

	network_of(address, network);
	return addresses_enter_device(addresses, network);
}

struct address_count *addresses_enter_device(struct addresses *addresses, const uint8_t device[16])
{
	struct address_count **bucket = &addresses->buckets[bucket_of(addresses, device)], *count;

	for (count = *bucket; count; count = count->next)
		if (!memcmp(count->network, device, sizeof(count->network)))
			break;
	if (!count) {
		count = calloc(1, sizeof(*count));
		if (!count)
			return NULL;
		memcpy(count->network, device, sizeof(count->network));
		count->next = *bucket;
		*bucket = count;
	}
	count->connections++;
	return count;
}

void addresses_leave(struct addresses *addresses, struct address_count *count)
{
	struct address_count **at;

	if (--count->connections > 0)
		return;
	at = &addresses->buckets[bucket_of(addresses, count->network)];
	while (*at != count)
		at = &(*at)->next;
	*at = count->next;
	free(count);
}

void address_format(const struct sockaddr_storage *address, char *ret_text, size_t size)
{
	const void *bytes = NULL;
	int family = address->ss_family;

	if (family == AF_INET) {
		bytes = &((const struct sockaddr_in *)address)->sin_addr;
	} else if (family == AF_INET6) {
		bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
		if (!memcmp(bytes, mapped, sizeof(mapped))) {
			bytes = (const uint8_t *)bytes + sizeof(mapped);
			family = AF_INET;
		}
	}
	if (!bytes || !inet_ntop(family, bytes, ret_text, (socklen_t)size))
		(void)snprintf(ret_text, size, "?");
}
