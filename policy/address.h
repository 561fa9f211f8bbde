/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, networks and ports as text and as the kernel compares them: 128 bits, IPv4 as
 * ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
 */
#ifndef HOLDFAST_POLICY_ADDRESS_H
#define HOLDFAST_POLICY_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

#define POLICY_ADDRESS_TEXT_SIZE 64

enum policy_address_error {
	POLICY_ADDRESS_OK = 0,
	POLICY_ADDRESS_MALFORMED,
	POLICY_ADDRESS_BITS,	  /* prefix length past the address's bits */
	POLICY_ADDRESS_HOST_BITS, /* the result holds the network that was meant */
	POLICY_ADDRESS_MAPPED,	  /* ::ffff:a.b.c.d: the result holds the IPv4 network */
};

/* "10.0.0.0/8", "10.1.2.3", "2001:db8::/32". ret_prefix->place is left alone. */
enum policy_address_error policy_prefix_parse(const char *text, struct policy_prefix *ret_prefix);

/* As an administrator writes it. */
void policy_prefix_format(
	const struct policy_prefix *prefix, char ret_text[POLICY_ADDRESS_TEXT_SIZE]);

/* Whether outer contains inner, or is the same. IPv6 networks never contain IPv4 ones. */
bool policy_prefix_contains(const struct policy_prefix *outer, const struct policy_prefix *inner);

bool policy_prefix_is_ipv4(const struct policy_prefix *prefix);

/* "443" or "8000-8100". 0, -EINVAL, or -ERANGE with the ends swapped in the result. */
int policy_ports_parse(const char *text, struct policy_port_range *ret_range);

/* "10.1.2.3", "10.1.2.3:443", "2001:db8::1", "[2001:db8::1]:443". Without a port: 443.
 * 0 or -EINVAL. */
int policy_destination_parse(const char *text, uint8_t ret_address[16], uint16_t *ret_port);

#endif
