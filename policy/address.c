/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BITS    32
#define IPV6_BITS    128
#define MAPPED_BITS  96 /* of ::ffff:0:0 */
#define DEFAULT_PORT 443
#define PORT_DIGITS  5
#define PORT_MAX     65535

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Decimal without sign, space or leading zero; -EINVAL past limit. */
static int number_parse(const char *text, size_t size, int limit)
{
	int value = 0;

	if (!size || size > PORT_DIGITS || (size > 1 && *text == '0'))
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (text[i] - '0');
	}
	return value <= limit ? value : -EINVAL;
}

static int address_parse(const char *text, uint8_t ret_address[16], bool *ret_is_ipv4)
{
	uint8_t address[16];

	if (inet_pton(AF_INET, text, address + sizeof(mapped)) == 1) {
		memcpy(address, mapped, sizeof(mapped));
		*ret_is_ipv4 = true;
	} else if (inet_pton(AF_INET6, text, address) == 1) {
		*ret_is_ipv4 = false;
	} else {
		return -EINVAL;
	}
	memcpy(ret_address, address, sizeof(address));
	return 0;
}

/* Clears the bits past bits; true when there were any. */
static bool clear_host_bits(uint8_t address[16], uint32_t bits)
{
	bool any = false;

	for (uint32_t i = 0; i < 16; i++) {
		uint32_t kept = bits > i * 8 ? bits - i * 8 : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff << (8 - kept));

		any |= address[i] & ~mask;
		address[i] &= mask;
	}
	return any;
}

enum policy_address_error policy_prefix_parse(const char *text, struct policy_prefix *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	enum policy_address_error error = POLICY_ADDRESS_OK;
	int bits, limit;
	bool is_ipv4;

	if (size >= sizeof(address))
		return POLICY_ADDRESS_MALFORMED;
	memcpy(address, text, size);
	address[size] = '\0';
	if (address_parse(address, ret_prefix->address, &is_ipv4) < 0)
		return POLICY_ADDRESS_MALFORMED;
	limit = is_ipv4 ? IPV4_BITS : IPV6_BITS;
	bits = slash ? number_parse(slash + 1, strlen(slash + 1), 999) : limit;
	if (bits < 0)
		return POLICY_ADDRESS_MALFORMED;
	if (bits > limit)
		return POLICY_ADDRESS_BITS;
	ret_prefix->prefix_bits = (uint32_t)(is_ipv4 ? bits + MAPPED_BITS : bits);
	if (clear_host_bits(ret_prefix->address, ret_prefix->prefix_bits))
		error = POLICY_ADDRESS_HOST_BITS;
	if (!is_ipv4 && policy_prefix_is_ipv4(ret_prefix))
		error = POLICY_ADDRESS_MAPPED;
	return error;
}

bool policy_prefix_is_ipv4(const struct policy_prefix *prefix)
{
	return prefix->prefix_bits >= MAPPED_BITS &&
	       !memcmp(prefix->address, mapped, sizeof(mapped));
}

void policy_prefix_format(
	const struct policy_prefix *prefix, char ret_text[POLICY_ADDRESS_TEXT_SIZE])
{
	bool is_ipv4 = policy_prefix_is_ipv4(prefix);
	uint32_t bits = prefix->prefix_bits - (is_ipv4 ? MAPPED_BITS : 0);
	char address[INET6_ADDRSTRLEN];

	if (is_ipv4)
		inet_ntop(AF_INET, prefix->address + sizeof(mapped), address, sizeof(address));
	else
		inet_ntop(AF_INET6, prefix->address, address, sizeof(address));
	if (bits == (is_ipv4 ? IPV4_BITS : IPV6_BITS))
		(void)snprintf(ret_text, POLICY_ADDRESS_TEXT_SIZE, "%s", address); /* fits */
	else
		(void)snprintf(ret_text, POLICY_ADDRESS_TEXT_SIZE, "%s/%u", address, bits);
}

bool policy_prefix_contains(const struct policy_prefix *outer, const struct policy_prefix *inner)
{
	struct policy_prefix cut = *inner;

	if (outer->prefix_bits > inner->prefix_bits ||
		policy_prefix_is_ipv4(outer) != policy_prefix_is_ipv4(inner))
		return false;
	(void)clear_host_bits(cut.address, outer->prefix_bits); /* which, is of no interest */
	return !memcmp(cut.address, outer->address, sizeof(cut.address));
}

int policy_ports_parse(const char *text, struct policy_port_range *ret_range)
{
	size_t size = strcspn(text, "-");
	int first = number_parse(text, size, PORT_MAX), last = first;

	if (text[size] == '-')
		last = number_parse(text + size + 1, strlen(text + size + 1), PORT_MAX);
	if (first < 1 || last < 1)
		return -EINVAL;
	if (first > last) {
		*ret_range = (struct policy_port_range){(uint16_t)last, (uint16_t)first};
		return -ERANGE;
	}
	*ret_range = (struct policy_port_range){(uint16_t)first, (uint16_t)last};
	return 0;
}

int policy_destination_parse(const char *text, uint8_t ret_address[16], uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':'), *first = text;
	size_t size = strlen(text);
	char address[INET6_ADDRSTRLEN];
	int port = DEFAULT_PORT;
	bool is_ipv4;

	if (*text == '[') {
		const char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		first = text + 1;
		size = (size_t)(end - first);
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && colon == strchr(text, ':')) {
		size = (size_t)(colon - text);
	} else {
		colon = NULL; /* none, or the colons of a bare IPv6 address */
	}
	if (colon)
		port = number_parse(colon + 1, strlen(colon + 1), PORT_MAX);
	if (port < 0 || size >= sizeof(address))
		return -EINVAL;
	memcpy(address, first, size);
	address[size] = '\0';
	if (address_parse(address, ret_address, &is_ipv4) < 0)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}
