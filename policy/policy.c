/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "policy/zone.h"

static void list_free(struct policy_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].text);
	free(list->items);
}

static void labels_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->label_count; i++) {
		struct policy_label *label = &policy->labels[i];

		free(label->name);
		free(label->title);
		free(label->text);
		free(label->link);
		free(label->tenant.text);
		list_free(&label->paths);
		list_free(&label->open_with);
		list_free(&label->zones);
	}
	free(policy->labels);
}

static void rules_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		struct policy_rule *rule = &policy->rules[i];

		free(rule->name);
		free(rule->text);
		free(rule->link);
		list_free(&rule->labels);
		list_free(&rule->except_apps);
		list_free(&rule->except_users);
		list_free(&rule->except_networks);
		list_free(&rule->except_devices);
	}
	free(policy->rules);
}

static void declassify_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->declassify_count; i++) {
		struct policy_declassify *declassify = &policy->declassifys[i];

		free(declassify->name);
		free(declassify->text);
		list_free(&declassify->labels);
		list_free(&declassify->apps);
		list_free(&declassify->paths);
	}
	free(policy->declassifys);
}

static void caches_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->cache_count; i++) {
		free(policy->caches[i].name);
		free(policy->caches[i].title);
		list_free(&policy->caches[i].paths);
	}
	free(policy->caches);
}

static void vaults_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->vault_count; i++) {
		free(policy->vaults[i].name);
		free(policy->vaults[i].title);
		free(policy->vaults[i].label.text);
		list_free(&policy->vaults[i].paths);
	}
	free(policy->vaults);
}

static void login_free(struct policy *policy)
{
	free(policy->login.device_of.text);
	list_free(&policy->login.break_glass);
	list_free(&policy->login.except_services);
	free(policy->login.contact);
	for (size_t i = 0; i < policy->audience_count; i++) {
		free(policy->audiences[i].name);
		free(policy->audiences[i].uri);
		free(policy->audiences[i].tenant.text);
		list_free(&policy->audiences[i].apps);
	}
	free(policy->audiences);
}

void policy_zones_free(struct policy_zone *zones, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(zones[i].name);
		free(zones[i].title);
		free(zones[i].addresses.prefixes);
		free(zones[i].gateways);
		list_free(&zones[i].suffixes);
		list_free(&zones[i].vpns);
		for (size_t j = 0; j < zones[i].beacon_count; j++)
			free(zones[i].beacons[j].host);
		free(zones[i].beacons);
	}
	free(zones);
}

void policy_services_free(struct policy_service *services, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(services[i].name);
		free(services[i].title);
		free(services[i].text);
		free(services[i].link);
		free(services[i].where.prefixes);
		free(services[i].where.ports);
		list_free(&services[i].names);
		list_free(&services[i].zones);
	}
	free(services);
}

static void things_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->tenant_count; i++) {
		free(policy->tenants[i].name);
		free(policy->tenants[i].title);
		free(policy->tenants[i].domain);
		list_free(&policy->tenants[i].accounts);
	}
	for (size_t i = 0; i < policy->app_count; i++) {
		free(policy->apps[i].name);
		free(policy->apps[i].title);
		list_free(&policy->apps[i].paths);
		list_free(&policy->apps[i].states);
		list_free(&policy->apps[i].documents);
	}
	for (size_t i = 0; i < policy->network_count; i++) {
		free(policy->networks[i].name);
		free(policy->networks[i].prefixes);
		free(policy->networks[i].ports);
	}
	for (size_t i = 0; i < policy->device_count; i++) {
		free(policy->devices[i].name);
		free(policy->devices[i].serial);
	}
	free(policy->tenants);
	free(policy->apps);
	free(policy->networks);
	free(policy->devices);
}

static void verify_free(struct policy_verify *verify)
{
	list_free(&verify->except_users);
	free(verify->page_issuer);
	free(verify->page_client);
	free(verify->page_claim);
	free(verify->page_domain);
	free(verify->page_ca);
}

uint32_t policy_verify_grace(const struct policy_label *label)
{
	return label->verify_grace_s ? label->verify_grace_s : POLICY_VERIFY_GRACE_S;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	labels_free(policy);
	rules_free(policy);
	declassify_free(policy);
	caches_free(policy);
	vaults_free(policy);
	login_free(policy);
	list_free(&policy->browser.domains);
	policy_zones_free(policy->zones, policy->zone_count);
	policy_services_free(policy->services, policy->service_count);
	things_free(policy);
	verify_free(&policy->verify);
	list_free(&policy->screen.apps);
	free(policy->watermark.rules.text);
	for (size_t i = 0; i < policy->file_count; i++)
		free(policy->files[i]);
	free(policy->files);
	free(policy->name);
	free(policy);
}
