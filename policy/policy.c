/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

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

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	labels_free(policy);
	rules_free(policy);
	declassify_free(policy);
	caches_free(policy);
	login_free(policy);
	things_free(policy);
	for (size_t i = 0; i < policy->file_count; i++)
		free(policy->files[i]);
	free(policy->files);
	free(policy->name);
	free(policy);
}
