/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of [network]: addresses and ports. Part of values.h.
 */
#include <errno.h>
#include <stdio.h>

#include "policy/address.h"
#include "policy/values.h"

static void address_add(struct build *build, void *field, char *word)
{
	struct policy_network *network = field;
	struct policy_prefix prefix = {.place = build->place}, *known;
	enum policy_address_error error = policy_prefix_parse(word, &prefix);
	char text[POLICY_ADDRESS_TEXT_SIZE] = "";

	if (error == POLICY_ADDRESS_HOST_BITS || error == POLICY_ADDRESS_MAPPED)
		policy_prefix_format(&prefix, text);
	if (error == POLICY_ADDRESS_BITS)
		build_problem(build, NULL,
			"address '%.60s': expected /0 to /32 for IPv4, /0 to /128 for IPv6", word);
	else if (error == POLICY_ADDRESS_HOST_BITS)
		build_problem(build, text,
			"address '%.60s' has bits past its prefix: expected a network", word);
	else if (error == POLICY_ADDRESS_MAPPED)
		build_problem(build, text, "address '%.60s' is IPv4 written as IPv6: expected IPv4",
			word);
	else if (error != POLICY_ADDRESS_OK)
		build_problem(build, "10.0.0.0/8",
			"address '%.60s': expected an IPv4 or IPv6 address or network, no name",
			word);
	if (error != POLICY_ADDRESS_OK)
		return;
	for (size_t i = 0; i < network->prefix_count; i++) {
		known = &network->prefixes[i];
		if (policy_prefix_contains(known, &prefix) ||
			policy_prefix_contains(&prefix, known)) {
			build_problem(build, NULL, "address '%.60s' overlaps the one in line %u",
				word, known->place.line);
			return;
		}
	}
	if (network->prefix_count >= POLICY_LIST_MAX) {
		build_problem(
			build, NULL, "too many addresses: expected at most %d", POLICY_LIST_MAX);
		return;
	}
	known = build_grow(build, &network->prefixes, &network->prefix_count, sizeof(*known));
	if (known)
		*known = prefix;
}

void value_address(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, address_add);
}

static void port_add(struct build *build, void *field, char *word)
{
	struct policy_network *network = field;
	struct policy_port_range range, *known;
	int r = policy_ports_parse(word, &range);
	char text[POLICY_ADDRESS_TEXT_SIZE];

	if (r == -ERANGE) {
		(void)snprintf(text, sizeof(text), "%u-%u", range.first, range.last); /* fits */
		build_problem(build, text, "port range '%.40s' is the wrong way round", word);
		return;
	}
	if (r < 0) {
		build_problem(build, NULL,
			"port '%.40s': expected 1 to 65535, or a range such as 8000-8100", word);
		return;
	}
	for (size_t i = 0; i < network->port_count; i++) {
		known = &network->ports[i];
		if (range.first <= known->last && known->first <= range.last) {
			build_problem(build, NULL, "port '%.40s' overlaps %u-%u", word,
				known->first, known->last);
			return;
		}
	}
	if (network->port_count >= HF_DEST_SLOTS) {
		build_problem(build, NULL, "too many ports: expected at most %d ports and ranges",
			HF_DEST_SLOTS);
		return;
	}
	known = build_grow(build, &network->ports, &network->port_count, sizeof(*known));
	if (known)
		*known = range;
}

void value_ports(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, port_add);
}
