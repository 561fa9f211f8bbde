/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the whole policy shows: names that stand for nothing, things nothing names, two things
 * that are one. Resolves every reference for check_rules.c and compile.c.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "policy/build.h"
#include "policy/pattern.h"
#include "policy/uuid.h"
#include "policy/words.h"

/* The names of one kind of thing, in the order of the policy's array. */
struct names {
	const char *kind; /* as in messages */
	enum section_kind section;
	const char **names;
	bool *used;
	size_t count;
	bool has_unknown; /* something named one that is not there: what is unused then is a guess */
	bool has_lost;	  /* a heading of them was wrong: so is what is not there */
};

#define NAMES(build, kind_, member, ret_names)                                            \
	do {                                                                              \
		const struct policy *policy_ = (build)->policy;                           \
                                                                                          \
		names_init(build, ret_names, #member, policy_->member##_count);           \
		(ret_names)->section = kind_;                                             \
		(ret_names)->has_lost = build_is_broken(build, kind_, POLICY_INDEX_NONE); \
		for (size_t i_ = 0; i_ < (ret_names)->count; i_++)                        \
			(ret_names)->names[i_] = policy_->member##s[i_].name;             \
	} while (0)

static void names_init(struct build *build, struct names *ret_names, const char *kind, size_t count)
{
	*ret_names = (struct names){
		.kind = kind,
		.names = calloc(count + 1, sizeof(*ret_names->names)),
		.used = calloc(count + 1, sizeof(*ret_names->used)),
		.count = count,
	};
	if (ret_names->names && ret_names->used)
		return;
	build->r = -ENOMEM;
	ret_names->count = 0;
}

static void names_done(struct names *names)
{
	free(names->names);
	free(names->used);
}

static void resolve(struct build *build, struct names *names, struct policy_item *item)
{
	if (item->index == POLICY_INDEX_ALL || !item->text)
		return;
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i], item->text))
			continue;
		item->index = i;
		names->used[i] = true;
		return;
	}
	names->has_unknown = true;
	if (names->has_lost)
		return;
	policy_problems_add(build->problems, &item->place,
		policy_word_nearest(item->text, names->names, names->count),
		"unknown %s '%.40s': expected the name of a [%s]", names->kind, item->text,
		names->kind);
}

static void resolve_list(struct build *build, struct names *names, struct policy_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		resolve(build, names, &list->items[i]);
}

/* What names things, and so may have been meant to name this one. */
static bool is_user_broken(const struct build *build)
{
	static const enum section_kind users[] = {
		SECTION_LABEL, SECTION_RULE, SECTION_SERVICE, SECTION_AUDIENCE, SECTION_LOGIN};

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (build_is_broken(build, users[i], POLICY_INDEX_ALL))
			return true;
	return false;
}

static void report_unused(struct build *build, const struct names *names, size_t index,
	const struct policy_place *place)
{
	if (!names->has_unknown && !names->used[index] &&
		!build_is_broken(build, names->section, index) && !is_user_broken(build))
		policy_problems_add(build->problems, place,
			"remove it, or name it in a rule, label or service",
			"[%s %s] is never used", names->kind, names->names[index]);
}

static void check_tenants(struct build *build)
{
	struct policy *policy = build->policy;
	auto_call(names_done) struct names tenants = {0};

	NAMES(build, SECTION_TENANT, tenant, &tenants);
	for (size_t i = 0; i < policy->label_count; i++)
		resolve(build, &tenants, &policy->labels[i].tenant);
	for (size_t i = 0; i < policy->audience_count; i++)
		resolve(build, &tenants, &policy->audiences[i].tenant);
	resolve(build, &tenants, &policy->login.device_of);
	for (size_t i = 0; i < tenants.count; i++)
		if (!policy->tenants[i].accounts.count)
			report_unused(build, &tenants, i, &policy->tenants[i].place);
}

static void check_apps(struct build *build)
{
	struct policy *policy = build->policy;
	auto_call(names_done) struct names apps = {0};

	/* Profiles that no label names are no error: they come as a set. */
	NAMES(build, SECTION_APP, app, &apps);
	for (size_t i = 0; i < policy->label_count; i++)
		resolve_list(build, &apps, &policy->labels[i].open_with);
	for (size_t i = 0; i < policy->rule_count; i++)
		resolve_list(build, &apps, &policy->rules[i].except_apps);
	for (size_t i = 0; i < policy->declassify_count; i++)
		resolve_list(build, &apps, &policy->declassifys[i].apps);
	for (size_t i = 0; i < policy->audience_count; i++)
		resolve_list(build, &apps, &policy->audiences[i].apps);
	resolve_list(build, &apps, &policy->screen.apps);
}

static void check_places(struct build *build)
{
	struct policy *policy = build->policy;
	auto_call(names_done) struct names labels = {0};
	auto_call(names_done) struct names networks = {0};
	auto_call(names_done) struct names devices = {0};

	NAMES(build, SECTION_LABEL, label, &labels);
	NAMES(build, SECTION_NETWORK, network, &networks);
	NAMES(build, SECTION_DEVICE, device, &devices);
	for (size_t i = 0; i < policy->rule_count; i++) {
		resolve_list(build, &labels, &policy->rules[i].labels);
		resolve_list(build, &networks, &policy->rules[i].except_networks);
		resolve_list(build, &devices, &policy->rules[i].except_devices);
	}
	for (size_t i = 0; i < policy->declassify_count; i++)
		resolve_list(build, &labels, &policy->declassifys[i].labels);
	for (size_t i = 0; i < policy->vault_count; i++)
		resolve(build, &labels, &policy->vaults[i].label);
	for (size_t i = 0; i < networks.count; i++)
		report_unused(build, &networks, i, &policy->networks[i].place);
	for (size_t i = 0; i < devices.count; i++)
		report_unused(build, &devices, i, &policy->devices[i].place);
}

static void check_conditions(struct build *build, size_t index)
{
	const struct policy_zone *zone = &build->policy->zones[index];

	if (build_is_broken(build, SECTION_ZONE, index))
		return;
	if (!zone->addresses.prefix_count && !zone->gateway_count && !zone->suffixes.count &&
		!zone->vpns.count && !zone->beacon_count)
		policy_problems_add(build->problems, &zone->place, "address = 10.0.0.0/8",
			"[zone %s] without a condition: expected address, gateway, dns-suffix, vpn "
			"or beacon",
			zone->name);
}

static void check_counts(struct build *build)
{
	const struct policy *policy = build->policy;
	size_t names = 0, beacons = 0;

	for (size_t i = 0; i < policy->service_count; i++) {
		names += policy->services[i].names.count;
		if (names <= POLICY_SERVICE_NAME_MAX)
			continue;
		policy_problems_add(build->problems, &policy->services[i].place, NULL,
			"too many names of services: expected at most %d in one policy",
			POLICY_SERVICE_NAME_MAX);
		break;
	}
	for (size_t i = 0; i < policy->zone_count; i++) {
		beacons += policy->zones[i].beacon_count;
		if (beacons <= POLICY_BEACONS_MAX)
			continue;
		policy_problems_add(build->problems, &policy->zones[i].place, NULL,
			"too many beacons: expected at most %d in one policy", POLICY_BEACONS_MAX);
		break;
	}
}

static void check_zones(struct build *build)
{
	struct policy *policy = build->policy;
	auto_call(names_done) struct names zones = {0};

	check_counts(build);

	NAMES(build, SECTION_ZONE, zone, &zones);
	for (size_t i = 0; i < policy->label_count; i++)
		resolve_list(build, &zones, &policy->labels[i].zones);
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *service = &policy->services[i];

		resolve_list(build, &zones, &policy->services[i].zones);
		if (!service->where.prefix_count && !service->names.count &&
			!build_is_broken(build, SECTION_SERVICE, i))
			policy_problems_add(build->problems, &service->place,
				"name = mail.example.com",
				"[service %s] without 'address' and 'name': expected one of them",
				service->name);
	}
	for (size_t i = 0; i < zones.count; i++) {
		check_conditions(build, i);
		report_unused(build, &zones, i, &policy->zones[i].place);
	}
}

/* A label without id gets one from its tenant's name and its own. */
static void check_uuids(struct build *build)
{
	static const uint8_t none[POLICY_UUID_SIZE] = {0};
	struct policy *policy = build->policy;

	for (size_t i = 0; i < policy->label_count; i++) {
		struct policy_label *label = &policy->labels[i];

		if (!memcmp(label->uuid, none, sizeof(none)))
			policy_uuid_of_label(label->tenant.text ? label->tenant.text : "",
				label->name, label->uuid);
		for (size_t j = 0; j < i; j++)
			if (!memcmp(label->uuid, policy->labels[j].uuid, sizeof(label->uuid)))
				policy_problems_add(build->problems, &label->place, NULL,
					"[label %s] has the id of [label %s] at %s:%u", label->name,
					policy->labels[j].name, policy->labels[j].place.file,
					policy->labels[j].place.line);
	}
}

/* Two patterns that name one executable for sure: equal, or one plain and matched by the other. */
static bool is_same_program(const char *a, const char *b)
{
	if (!policy_pattern_has_wildcard(a))
		return policy_pattern_matches(b, a);
	if (!policy_pattern_has_wildcard(b))
		return policy_pattern_matches(a, b);
	return !strcmp(a, b);
}

static void check_program(struct build *build, size_t app, const struct policy_item *path)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < app; i++) {
		const struct policy_list *others = &policy->apps[i].paths;

		for (size_t j = 0; j < others->count; j++)
			if (is_same_program(path->text, others->items[j].text))
				policy_problems_add(build->problems, &path->place, NULL,
					"path '%.120s' is [app %s] already (%s:%u): expected one"
					" application for one executable",
					path->text, policy->apps[i].name,
					others->items[j].place.file, others->items[j].place.line);
	}
}

static void check_programs(struct build *build)
{
	const struct policy *policy = build->policy;
	size_t count = 0;

	for (size_t i = 0; i < policy->app_count; i++) {
		count += policy->apps[i].paths.count;
		if (count <= POLICY_PROGRAM_MAX)
			continue;
		policy_problems_add(build->problems, &policy->apps[i].place, NULL,
			"too many paths of applications: expected at most %d in one policy",
			POLICY_PROGRAM_MAX);
		return;
	}
	for (size_t i = 0; i < policy->app_count; i++)
		for (size_t j = 0; j < policy->apps[i].paths.count; j++)
			check_program(build, i, &policy->apps[i].paths.items[j]);
}

static bool is_same_device(const struct policy_device *a, const struct policy_device *b)
{
	if (strcmp(a->vendor, b->vendor) || strcmp(a->product, b->product) || !*a->vendor)
		return false;
	if (!a->serial || !b->serial)
		return !a->serial && !b->serial;
	return !strcmp(a->serial, b->serial);
}

static void check_devices(struct build *build)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < policy->device_count; i++)
		for (size_t j = 0; j < i; j++)
			if (is_same_device(&policy->devices[i], &policy->devices[j]))
				policy_problems_add(build->problems, &policy->devices[i].place,
					policy->devices[j].name,
					"[device %s] is the same device as [device %s] at %s:%u",
					policy->devices[i].name, policy->devices[j].name,
					policy->devices[j].place.file,
					policy->devices[j].place.line);
}

void check_references(struct build *build)
{
	check_tenants(build);
	check_apps(build);
	check_places(build);
	check_zones(build);
	check_uuids(build);
	check_programs(build);
	check_devices(build);
}
