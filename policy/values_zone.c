/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of [zone] and [service]: routers, names, interfaces, beacons. Part of values.h.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "policy/values.h"
#include "policy/zone.h"

#define HOST_MAX       253 /* RFC 1035, 2.3.4, as written with dots */
#define HOST_LABEL_MAX 63
#define INTERFACE_MAX  15 /* IFNAMSIZ without its NUL */
#define KEY_SIZE       32
#define MAC_TEXT       17

/* Lower-case names between dots. */
static bool is_host(const char *text)
{
	size_t size = strlen(text), label = 0;

	if (!size || size > HOST_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '.') {
			if (!label || text[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!(islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) ||
			    text[i] == '_' || (text[i] == '-' && label)))
			return false;
		if (++label > HOST_LABEL_MAX)
			return false;
	}
	return label && text[size - 1] != '-';
}

static bool is_address(const char *text, struct policy_prefix *ret_prefix)
{
	return !strchr(text, '/') && policy_prefix_parse(text, ret_prefix) == POLICY_ADDRESS_OK;
}

static void host_add(struct build *build, void *field, char *word)
{
	struct policy_prefix prefix;

	if (is_address(word, &prefix))
		build_problem(build, "address =", "%s '%.60s' is an address: expected a name",
			build->key->name, word);
	else if (!is_host(word))
		build_problem(build, "mail.example.com",
			"%s '%.60s': expected a name of lower-case letters, digits, - and dots",
			build->key->name, word);
	else
		value_list_add(build, field, word);
}

void value_hosts(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, host_add);
}

static void interface_add(struct build *build, void *field, char *word)
{
	if (strlen(word) > INTERFACE_MAX || strpbrk(word, " \t/:*"))
		build_problem(build, "wg0, or wireguard for all of that kind",
			"vpn '%.60s': expected the name of an interface, at most %d bytes, or "
			"wireguard, tun, ppp, ipsec or openvpn",
			word, INTERFACE_MAX);
	else
		value_list_add(build, field, word);
}

void value_interfaces(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, interface_add);
}

/* Two hexadecimal digits. */
static bool is_byte(const char *text, uint8_t *ret_byte)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int byte = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *digit = text[i] ? strchr(digits, tolower((unsigned char)text[i]))
					    : NULL;

		if (!digit)
			return false;
		byte = byte << 4 | (unsigned int)(digit - digits);
	}
	*ret_byte = (uint8_t)byte;
	return true;
}

static bool is_mac(const char *text, uint8_t ret_mac[6])
{
	if (strlen(text) != MAC_TEXT)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!is_byte(text + 3 * i, &ret_mac[i]) || (i < 5 && text[3 * i + 2] != ':'))
			return false;
	return true;
}

/* "ADDRESS", "MAC" or "ADDRESS MAC". */
static bool gateway_parse(char *text, struct policy_gateway *ret_gateway)
{
	struct policy_prefix prefix;
	char *next = text, *word;

	while ((word = strsep(&next, " \t"))) {
		if (!*word)
			continue;
		if (!ret_gateway->has_mac && is_mac(word, ret_gateway->mac)) {
			ret_gateway->has_mac = true;
		} else if (!ret_gateway->has_address && !ret_gateway->has_mac &&
			   is_address(word, &prefix)) {
			memcpy(ret_gateway->address, prefix.address, sizeof(prefix.address));
			ret_gateway->has_address = true;
		} else {
			return false;
		}
	}
	return ret_gateway->has_address || ret_gateway->has_mac;
}

static void gateway_add(struct build *build, void *field, char *word)
{
	struct policy_zone *zone = field;
	struct policy_gateway gateway = {0}, *added;
	char said[64];

	(void)snprintf(said, sizeof(said), "%s", word);
	if (!gateway_parse(word, &gateway)) {
		build_problem(build, "10.0.0.1 00:11:22:33:44:55",
			"gateway '%.60s': expected an address, a hardware address, or both", said);
		return;
	}
	if (zone->gateway_count >= POLICY_GATEWAY_MAX) {
		build_problem(build, NULL, "too many gateways: expected at most %d in one zone",
			POLICY_GATEWAY_MAX);
		return;
	}
	added = build_grow(build, &zone->gateways, &zone->gateway_count, sizeof(*added));
	if (added)
		*added = gateway;
}

void value_gateway(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, gateway_add);
}

/* As the beacon prints it. */
static bool is_key(const char *text, uint8_t ret_key[KEY_SIZE])
{
	if (strlen(text) != 2 * (size_t)KEY_SIZE)
		return false;
	for (size_t i = 0; i < KEY_SIZE; i++)
		if (!is_byte(text + 2 * i, &ret_key[i]))
			return false;
	return true;
}

/* "HOST:PORT", "[ADDRESS]:PORT". */
static bool endpoint_parse(char *text, struct policy_beacon *ret_beacon)
{
	char *colon = strrchr(text, ':'), *host = text;
	struct policy_port_range ports;
	struct policy_prefix prefix;
	size_t size;

	if (!colon || policy_ports_parse(colon + 1, &ports) < 0 || ports.first != ports.last)
		return false;
	*colon = '\0';
	size = strlen(host);
	if (*host == '[') {
		if (size < 2 || host[size - 1] != ']')
			return false;
		host[size - 1] = '\0';
		host++;
		if (!is_address(host, &prefix) || policy_prefix_is_ipv4(&prefix))
			return false;
	} else if (!is_host(host)) {
		return false; /* an IPv4 address looks like a name here */
	}
	ret_beacon->host = strdup(host);
	ret_beacon->port = ports.first;
	return true;
}

static void beacon_add(struct build *build, void *field, char *word)
{
	struct policy_zone *zone = field;
	struct policy_beacon beacon = {0}, *added;
	char *space = word + strcspn(word, " \t"), *key = space + strspn(space, " \t");
	char said[64];

	(void)snprintf(said, sizeof(said), "%s", word);
	*space = '\0';
	if (!is_key(key, beacon.key) || !endpoint_parse(word, &beacon)) {
		build_problem(build,
			"beacon.example.com:4750 KEY, as holdfast-console beacon shows it",
			"beacon '%.60s': expected HOST:PORT and its public key, 64 hexadecimal "
			"digits",
			said);
		return;
	}
	if (!beacon.host) {
		build->r = -ENOMEM;
		return;
	}
	if (zone->beacon_count >= POLICY_BEACON_MAX) {
		build_problem(build, NULL, "too many beacons: expected at most %d in one zone",
			POLICY_BEACON_MAX);
		free(beacon.host);
		return;
	}
	added = build_grow(build, &zone->beacons, &zone->beacon_count, sizeof(*added));
	if (added)
		*added = beacon;
	else
		free(beacon.host);
}

void value_beacon(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, beacon_add);
}
