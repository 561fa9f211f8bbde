/* SPDX-License-Identifier: Apache-2.0 */
/* Zones and services, copied as they are written; which labels hang on which zones. */
#include "policy/compile_parts.h"

#include <errno.h>
#include <string.h>

#include "policy/zone.h"

static int copy_bytes(const void *from, size_t size, void *ret_copy)
{
	void *copy = NULL;

	if (size) {
		copy = malloc(size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, from, size);
	}
	memcpy(ret_copy, &copy, sizeof(copy));
	return 0;
}

static int copy_network(const struct compile *compile, const struct policy_network *from,
	struct policy_network *ret_network)
{
	int r;

	r = copy_bytes(from->prefixes, from->prefix_count * sizeof(*from->prefixes),
		&ret_network->prefixes);
	if (r < 0)
		return r;
	ret_network->prefix_count = from->prefix_count;
	for (size_t i = 0; i < from->prefix_count; i++)
		ret_network->prefixes[i].place = compile_place(compile, from->prefixes[i].place);
	r = copy_bytes(from->ports, from->port_count * sizeof(*from->ports), &ret_network->ports);
	if (r < 0)
		return r;
	ret_network->port_count = from->port_count;
	return 0;
}

static int copy_list(
	const struct compile *compile, const struct policy_list *from, struct policy_list *ret_list)
{
	ret_list->items = calloc(from->count + 1, sizeof(*ret_list->items));
	if (!ret_list->items)
		return -ENOMEM;
	for (; ret_list->count < from->count; ret_list->count++) {
		const struct policy_item *item = &from->items[ret_list->count];
		struct policy_item *copy = &ret_list->items[ret_list->count];

		if (compile_copy(item->text, &copy->text) < 0)
			return -ENOMEM;
		copy->index = item->index;
		copy->place = compile_place(compile, item->place);
	}
	return 0;
}

static int copy_beacons(const struct policy_zone *from, struct policy_zone *to)
{
	to->beacons = calloc(from->beacon_count + 1, sizeof(*to->beacons));
	if (!to->beacons)
		return -ENOMEM;
	for (; to->beacon_count < from->beacon_count; to->beacon_count++) {
		struct policy_beacon *copy = &to->beacons[to->beacon_count];

		*copy = from->beacons[to->beacon_count];
		copy->host = NULL;
		if (compile_copy(from->beacons[to->beacon_count].host, &copy->host) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_zone(
	const struct compile *compile, const struct policy_zone *from, struct policy_zone *to)
{
	to->place = compile_place(compile, from->place);
	if (compile_copy(from->name, &to->name) < 0 || compile_copy(from->title, &to->title) < 0 ||
		copy_network(compile, &from->addresses, &to->addresses) < 0 ||
		copy_bytes(from->gateways, from->gateway_count * sizeof(*from->gateways),
			&to->gateways) < 0)
		return -ENOMEM;
	to->gateway_count = from->gateway_count;
	if (copy_list(compile, &from->suffixes, &to->suffixes) < 0 ||
		copy_list(compile, &from->vpns, &to->vpns) < 0)
		return -ENOMEM;
	return copy_beacons(from, to);
}

static int copy_service(
	const struct compile *compile, const struct policy_service *from, struct policy_service *to)
{
	to->place = compile_place(compile, from->place);
	to->is_rehearsed = from->is_rehearsed;
	if (compile_copy(from->name, &to->name) < 0 || compile_copy(from->title, &to->title) < 0 ||
		compile_copy(from->text, &to->text) < 0 ||
		compile_copy(from->link, &to->link) < 0 ||
		copy_network(compile, &from->where, &to->where) < 0 ||
		copy_list(compile, &from->names, &to->names) < 0)
		return -ENOMEM;
	return copy_list(compile, &from->zones, &to->zones);
}

static void label_zones(struct compile *compile)
{
	for (size_t i = 0; i < compile->policy->label_count; i++) {
		const struct policy_list *zones = &compile->policy->labels[i].zones;
		struct policy_label_entry *entry = &compile->compiled->label[compile->number[i]];

		for (size_t j = 0; j < zones->count; j++)
			entry->zones |= UINT64_C(1) << zones->items[j].index;
		if (zones->count)
			entry->zone_place = compile_place(compile, zones->items[0].place);
	}
}

/* That the kernel has room for what is written; names add to it later. */
static int check_table(struct compile *compile)
{
	const struct policy_compiled *compiled = compile->compiled;
	struct zone_table table;
	int r;

	r = policy_services_table(compiled, NULL, 0, &table);
	if (r == -E2BIG) {
		policy_problems_add(compile->problems, &compiled->services[0].place, NULL,
			"too many addresses of services: expected at most %d in one policy",
			HF_SERVICES_MAX / 2);
		return 0;
	}
	if (r < 0)
		return r;
	free(table.dests);
	if (table.crowded < compiled->service_count)
		policy_problems_add(compile->problems, &compiled->services[table.crowded].place,
			"write neighbouring ports as one range",
			"more than %d port ranges where [service %s] is, those of other services "
			"counted: expected at most %d",
			HF_DEST_SLOTS, compiled->services[table.crowded].name, HF_DEST_SLOTS);
	return 0;
}

int compile_zones(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	const struct policy *policy = compile->policy;

	label_zones(compile);
	compiled->zones = calloc(policy->zone_count + 1, sizeof(*compiled->zones));
	compiled->services = calloc(policy->service_count + 1, sizeof(*compiled->services));
	if (!compiled->zones || !compiled->services)
		return -ENOMEM;
	for (; compiled->zone_count < policy->zone_count;) {
		size_t i = compiled->zone_count++;

		if (copy_zone(compile, &policy->zones[i], &compiled->zones[i]) < 0)
			return -ENOMEM;
	}
	for (; compiled->service_count < policy->service_count;) {
		size_t i = compiled->service_count++;

		if (copy_service(compile, &policy->services[i], &compiled->services[i]) < 0)
			return -ENOMEM;
		if (compiled->services[i].is_rehearsed)
			compiled->services_rehearsed |= UINT64_C(1) << i;
	}
	return check_table(compile);
}
