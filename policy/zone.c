/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of a zone, and what of it does not, in words. */
#include "policy/zone.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"

#define ADDRESS_BITS 128

static const char *const condition_names[ZONE_CONDITION_MAX] = {
	[ZONE_ADDRESS] = "address",
	[ZONE_GATEWAY] = "gateway",
	[ZONE_SUFFIX] = "dns-suffix",
	[ZONE_VPN] = "vpn",
	[ZONE_BEACON] = "beacon",
};

/* The policy's words for kinds of interfaces, and IFLA_INFO_KIND of such ones. */
static const struct {
	const char *word;
	const char *kind;
} vpn_kinds[] = {
	{"wireguard", "wireguard"},
	{"tun", "tun"},
	{"ppp", "ppp"},
	{"ipsec", "xfrm"},
	{"ipsec", "vti"},
	{"ipsec", "vti6"},
	{"openvpn", "ovpn"},
	{"openvpn", "ovpn-dco"},
};

#define KIND_COUNT (sizeof(vpn_kinds) / sizeof(vpn_kinds[0]))

const char *policy_zone_condition(enum zone_condition condition)
{
	return condition < ZONE_CONDITION_MAX ? condition_names[condition] : NULL;
}

bool policy_is_vpn_kind(const char *word)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (!strcmp(vpn_kinds[i].word, word))
			return true;
	return false;
}

static bool has_address(const struct policy_zone *zone, const struct zone_facts *facts)
{
	struct policy_prefix own = {.prefix_bits = ADDRESS_BITS};

	for (size_t i = 0; i < facts->address_count; i++) {
		memcpy(own.address, facts->addresses[i], sizeof(own.address));
		for (size_t j = 0; j < zone->addresses.prefix_count; j++)
			if (policy_prefix_contains(&zone->addresses.prefixes[j], &own))
				return true;
	}
	return !zone->addresses.prefix_count;
}

static bool is_gateway(const struct policy_gateway *wanted, const struct zone_gateway *there)
{
	if (wanted->has_address &&
		memcmp(wanted->address, there->address, sizeof(wanted->address)) != 0)
		return false;
	return !wanted->has_mac ||
	       (there->has_mac && !memcmp(wanted->mac, there->mac, sizeof(wanted->mac)));
}

static bool has_gateway(const struct policy_zone *zone, const struct zone_facts *facts)
{
	for (size_t i = 0; i < zone->gateway_count; i++)
		for (size_t j = 0; j < facts->gateway_count; j++)
			if (is_gateway(&zone->gateways[i], &facts->gateways[j]))
				return true;
	return !zone->gateway_count;
}

/* "corp.example.com" is of "example.com", and of itself. */
static bool is_suffix(const char *wanted, const char *there)
{
	size_t wanted_size = strlen(wanted), size = strlen(there);
	const char *end = there + size - wanted_size;

	return size >= wanted_size && !strcmp(end, wanted) && (end == there || end[-1] == '.');
}

static bool has_suffix(const struct policy_zone *zone, const struct zone_facts *facts)
{
	for (size_t i = 0; i < zone->suffixes.count; i++)
		for (size_t j = 0; j < facts->suffix_count; j++)
			if (is_suffix(zone->suffixes.items[i].text, facts->suffixes[j]))
				return true;
	return !zone->suffixes.count;
}

/* By its kind, and by its name only when it is a tunnel of some kind: any other has a name as it likes. */
static bool is_vpn(const char *wanted, const struct zone_link *link)
{
	bool is_name = !policy_is_vpn_kind(wanted);

	if (is_name && strcmp(wanted, link->name) != 0)
		return false;
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (!strcmp(vpn_kinds[i].kind, link->kind) &&
			(is_name || !strcmp(vpn_kinds[i].word, wanted)))
			return true;
	return false;
}

static bool has_vpn(const struct policy_zone *zone, const struct zone_facts *facts)
{
	for (size_t i = 0; i < zone->vpns.count; i++)
		for (size_t j = 0; j < facts->link_count; j++)
			if (is_vpn(zone->vpns.items[i].text, &facts->links[j]))
				return true;
	return !zone->vpns.count;
}

static uint8_t unmet_of(
	const struct policy_compiled *compiled, size_t index, const struct zone_facts *facts)
{
	const struct policy_zone *zone = &compiled->zones[index];
	uint8_t unmet = 0;

	if (!has_address(zone, facts))
		unmet |= 1U << ZONE_ADDRESS;
	if (!has_gateway(zone, facts))
		unmet |= 1U << ZONE_GATEWAY;
	if (!has_suffix(zone, facts))
		unmet |= 1U << ZONE_SUFFIX;
	if (!has_vpn(zone, facts))
		unmet |= 1U << ZONE_VPN;
	if (zone->beacon_count && !facts->beacons[index])
		unmet |= 1U << ZONE_BEACON;
	return unmet;
}

void policy_zones_evaluate(const struct policy_compiled *compiled, const struct zone_facts *facts,
	struct zone_state *ret_state)
{
	*ret_state = (struct zone_state){0};
	for (size_t i = 0; facts->is_known && i < compiled->zone_count; i++) {
		ret_state->unmet[i] = unmet_of(compiled, i, facts);
		if (!ret_state->unmet[i])
			ret_state->present |= UINT64_C(1) << i;
	}
}

uint64_t policy_zones_labels(const struct policy_compiled *compiled, uint64_t present)
{
	uint64_t labels = 0;

	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++) {
		uint64_t zones = compiled->label[bit].zones;

		if (zones && !(zones & present))
			labels |= UINT64_C(1) << bit;
	}
	return labels;
}

uint64_t policy_zones_services(const struct policy_compiled *compiled, uint64_t present)
{
	uint64_t services = 0;

	for (size_t i = 0; i < compiled->service_count; i++) {
		const struct policy_list *zones = &compiled->services[i].zones;
		bool is_reachable = false;

		for (size_t j = 0; j < zones->count; j++)
			is_reachable |= present >> zones->items[j].index & 1;
		if (!is_reachable)
			services |= UINT64_C(1) << i;
	}
	return services;
}

/* Text under way. */
struct text {
	char *at;
	size_t left;
};

static void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	if ((size_t)size >= text->left)
		size = text->left ? (int)text->left - 1 : 0;
	text->at += size;
	text->left -= (size_t)size;
}

static void say_prefixes(struct text *text, const struct policy_network *addresses)
{
	char prefix[POLICY_ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < addresses->prefix_count; i++) {
		policy_prefix_format(&addresses->prefixes[i], prefix);
		text_add(text, "%s%s", i ? " or " : "", prefix);
	}
}

static void say_gateways(struct text *text, const struct policy_zone *zone)
{
	for (size_t i = 0; i < zone->gateway_count; i++) {
		const struct policy_gateway *gateway = &zone->gateways[i];
		struct policy_prefix prefix = {.prefix_bits = ADDRESS_BITS};
		char address[POLICY_ADDRESS_TEXT_SIZE] = "";
		const uint8_t *mac = gateway->mac;

		memcpy(prefix.address, gateway->address, sizeof(prefix.address));
		if (gateway->has_address)
			policy_prefix_format(&prefix, address);
		text_add(text, "%s%s", i ? " or " : "", address);
		if (gateway->has_mac)
			text_add(text, "%s%02x:%02x:%02x:%02x:%02x:%02x", *address ? " " : "",
				mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
}

static void say_list(struct text *text, const struct policy_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_add(text, "%s%s", i ? " or " : "", list->items[i].text);
}

static void say_condition(
	struct text *text, const struct policy_zone *zone, enum zone_condition condition)
{
	switch (condition) {
	case ZONE_ADDRESS:
		text_add(text, "no address of this device is in ");
		say_prefixes(text, &zone->addresses);
		break;
	case ZONE_GATEWAY:
		text_add(text, "no default route goes by ");
		say_gateways(text, zone);
		break;
	case ZONE_SUFFIX:
		text_add(text, "the network's names are not of ");
		say_list(text, &zone->suffixes);
		break;
	case ZONE_VPN:
		text_add(text, "no VPN is up: ");
		say_list(text, &zone->vpns);
		break;
	case ZONE_BEACON:
		text_add(text, "no beacon has answered:");
		for (size_t i = 0; i < zone->beacon_count; i++)
			text_add(text, "%s %s:%u", i ? " or" : "", zone->beacons[i].host,
				zone->beacons[i].port);
		break;
	case ZONE_CONDITION_MAX:
		break;
	}
}

void policy_zone_unmet(const struct policy_compiled *compiled, size_t zone, uint8_t unmet,
	char *ret_text, size_t size)
{
	struct text text = {.at = ret_text, .left = size};
	const char *between = "";

	*ret_text = '\0';
	for (unsigned int i = 0; i < ZONE_CONDITION_MAX; i++) {
		if (!(unmet & 1U << i))
			continue;
		text_add(&text, "%s", between);
		say_condition(&text, &compiled->zones[zone], (enum zone_condition)i);
		between = "; ";
	}
}

void policy_zone_names(
	const struct policy_compiled *compiled, uint64_t zones, char *ret_text, size_t size)
{
	struct text text = {.at = ret_text, .left = size};
	const char *between = "";

	*ret_text = '\0';
	for (size_t i = 0; i < compiled->zone_count; i++) {
		const struct policy_zone *zone = &compiled->zones[i];

		if (!(zones >> i & 1))
			continue;
		text_add(&text, "%s%s", between, zone->title ? zone->title : zone->name);
		between = " or ";
	}
}
