/* SPDX-License-Identifier: Apache-2.0 */
/* Where services are, as a table for the kernel and as an answer. Part of zone.h. */
#include "policy/zone.h"

#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/fold.h"

#define ADDRESS_BITS 128

static size_t prefixes_count(const struct policy_compiled *compiled)
{
	size_t count = 0;

	for (size_t i = 0; i < compiled->service_count; i++)
		count += compiled->services[i].where.prefix_count;
	return count;
}

static void sources_fill(const struct policy_compiled *compiled,
	const struct zone_resolved *resolved, size_t resolved_count, struct fold_source *sources)
{
	for (size_t i = 0; i < compiled->service_count; i++) {
		const struct policy_network *where = &compiled->services[i].where;

		for (size_t j = 0; j < where->prefix_count; j++)
			*sources++ = (struct fold_source){
				where, where->prefixes[j], {.set = UINT64_C(1) << i}};
	}
	for (size_t i = 0; i < resolved_count; i++) {
		const struct policy_service *service = &compiled->services[resolved[i].service];

		*sources = (struct fold_source){
			.network = &service->where,
			.prefix = {.prefix_bits = ADDRESS_BITS, .place = service->place},
			.sets = {.set = UINT64_C(1) << resolved[i].service},
		};
		memcpy(sources->prefix.address, resolved[i].address, sizeof(resolved[i].address));
		sources++;
	}
}

int policy_services_table(const struct policy_compiled *compiled,
	const struct zone_resolved *resolved, size_t resolved_count, struct zone_table *ret_table)
{
	size_t count = prefixes_count(compiled) + resolved_count;
	auto_free struct fold_source *sources = NULL;
	struct zone_table table = {.crowded = SIZE_MAX};
	const struct fold_source *crowded;
	int r;

	if (count >= HF_SERVICES_MAX) /* and one more for IPv4 */
		return -E2BIG;
	sources = calloc(count + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	sources_fill(compiled, resolved, resolved_count, sources);
	r = fold_prefixes(sources, count, &table.dests, &table.count, &crowded);
	if (r < 0)
		return r;
	for (size_t i = 0; crowded && i < compiled->service_count; i++)
		if (crowded->network == &compiled->services[i].where)
			table.crowded = i;
	*ret_table = table;
	return 0;
}

static bool has_port(const struct policy_network *where, uint16_t port)
{
	for (size_t i = 0; i < where->port_count; i++)
		if (port >= where->ports[i].first && port <= where->ports[i].last)
			return true;
	return !where->port_count;
}

static bool has_address(const struct policy_network *where, const uint8_t address[16])
{
	struct policy_prefix inner = {.prefix_bits = ADDRESS_BITS};

	memcpy(inner.address, address, sizeof(inner.address));
	for (size_t i = 0; i < where->prefix_count; i++)
		if (policy_prefix_contains(&where->prefixes[i], &inner))
			return true;
	return false;
}

uint64_t policy_services_at(const struct policy_compiled *compiled,
	const struct zone_resolved *resolved, size_t resolved_count, const uint8_t address[16],
	uint16_t port)
{
	uint64_t services = 0;

	for (size_t i = 0; i < compiled->service_count; i++)
		if (has_address(&compiled->services[i].where, address))
			services |= UINT64_C(1) << i;
	for (size_t i = 0; i < resolved_count; i++)
		if (!memcmp(resolved[i].address, address, sizeof(resolved[i].address)))
			services |= UINT64_C(1) << resolved[i].service;
	for (size_t i = 0; i < compiled->service_count; i++)
		if (!has_port(&compiled->services[i].where, port))
			services &= ~(UINT64_C(1) << i);
	return services;
}
