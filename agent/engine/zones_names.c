/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of services and beacons stood for, now and in the last day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/zones_private.h"
#include "common/clock.h"
#include "policy/address.h"

#define KEPT_NS (86400 * CLOCK_SECOND_NS) /* so long an address counts that a name had */

static bool is_address(const char *host, uint8_t ret_address[16])
{
	struct policy_prefix prefix;

	if (strchr(host, '/') || policy_prefix_parse(host, &prefix) != POLICY_ADDRESS_OK)
		return false;
	memcpy(ret_address, prefix.address, sizeof(prefix.address));
	return true;
}

static void name_add(struct scout_want *want, const char *name)
{
	uint8_t address[16];

	if (is_address(name, address) || want->name_count >= SCOUT_NAME_MAX)
		return;
	for (size_t i = 0; i < want->name_count; i++)
		if (!strcmp(want->names[i], name))
			return;
	(void)snprintf(want->names[want->name_count++], SCOUT_NAME_SIZE, "%s", name); /* fits */
}

void names_fill(const struct engine *engine, struct scout_want *ret_want)
{
	const struct policy_compiled *policy = engine->policy;

	ret_want->name_count = 0;
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].names.count; j++)
			name_add(ret_want, policy->services[i].names.items[j].text);
	for (size_t i = 0; i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].beacon_count; j++)
			name_add(ret_want, policy->zones[i].beacons[j].host);
}

/* True when it is a new one. */
static bool address_add(struct zones *zones, const char *name, const uint8_t address[16])
{
	struct zones_address *larger;

	for (size_t i = 0; i < zones->address_count; i++) {
		struct zones_address *known = &zones->addresses[i];

		if (strcmp(known->name, name) != 0 ||
			memcmp(known->address, address, sizeof(known->address)) != 0)
			continue;
		known->seen_ns = clock_boot_ns();
		return false;
	}
	if (zones->address_count >= ZONES_RESOLVED_MAX)
		return false;
	larger = reallocarray(
		zones->addresses, zones->address_count + 1, sizeof(*zones->addresses));
	if (!larger)
		return false;
	zones->addresses = larger;
	larger = &zones->addresses[zones->address_count++];
	(void)snprintf(larger->name, sizeof(larger->name), "%s", name);
	memcpy(larger->address, address, sizeof(larger->address));
	larger->seen_ns = clock_boot_ns();
	return true;
}

void names_on_name(struct engine *engine, const struct scout_name *name)
{
	struct zones *zones = engine->zones;

	for (size_t i = 0; i < name->count; i++)
		if (address_add(zones, name->name, name->addresses[i]))
			zones->is_table_old = true;
}

void names_tick(struct engine *engine)
{
	struct zones *zones = engine->zones;
	uint64_t now = clock_boot_ns();

	for (size_t i = 0; i < zones->address_count;) {
		if (now - zones->addresses[i].seen_ns < KEPT_NS) {
			i++;
			continue;
		}
		zones->addresses[i] = zones->addresses[--zones->address_count];
		zones->is_table_old = true;
	}
}

static bool has_name(const struct policy_service *service, const char *name)
{
	for (size_t i = 0; i < service->names.count; i++)
		if (!strcmp(service->names.items[i].text, name))
			return true;
	return false;
}

struct zone_resolved *names_resolved(const struct engine *engine, size_t *ret_count)
{
	const struct zones *zones = engine->zones;
	struct zone_resolved *resolved;
	size_t count = 0;

	*ret_count = 0;
	if (!zones->address_count)
		return NULL;
	resolved = calloc(ZONES_RESOLVED_MAX, sizeof(*resolved));
	for (size_t i = 0; resolved && i < engine->policy->service_count; i++)
		for (size_t j = 0; j < zones->address_count && count < ZONES_RESOLVED_MAX; j++) {
			if (!has_name(&engine->policy->services[i], zones->addresses[j].name))
				continue;
			resolved[count].service = i;
			memcpy(resolved[count++].address, zones->addresses[j].address, 16);
		}
	*ret_count = count;
	return resolved;
}

size_t names_addresses(
	const struct zones *zones, const char *host, uint8_t (*ret_addresses)[16], size_t most)
{
	size_t count = 0;

	if (most && is_address(host, ret_addresses[0]))
		return 1;
	for (size_t i = 0; i < zones->address_count && count < most; i++)
		if (!strcmp(zones->addresses[i].name, host))
			memcpy(ret_addresses[count++], zones->addresses[i].address, 16);
	return count;
}
