/* SPDX-License-Identifier: Apache-2.0 */
/* [login], accounts of tenants, and [audience]: who could never log in, and what is said twice. */
#include <string.h>

#include "policy/build.h"

#define problem(build, place, ...) policy_problems_add((build)->problems, (place), __VA_ARGS__)

static const struct policy_item *find_text(const struct policy_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].text, text))
			return &list->items[i];
	return NULL;
}

static void check_tenant(struct build *build, size_t index)
{
	const struct policy *policy = build->policy;
	const struct policy_list *accounts = &policy->tenants[index].accounts;

	for (size_t i = 0; i < accounts->count; i++) {
		const struct policy_item *item = &accounts->items[i], *other;

		for (size_t j = 0; j < index; j++) {
			other = find_text(&policy->tenants[j].accounts, item->text);
			if (other)
				problem(build, &item->place, NULL,
					"account '%.120s' is [tenant %s]'s already (%s:%u)",
					item->text, policy->tenants[j].name, other->place.file,
					other->place.line);
		}
		other = find_text(&policy->login.break_glass, item->text);
		if (other)
			problem(build, &item->place, NULL,
				"account '%.120s' is a break-glass account (%s:%u): expected one "
				"of this machine, of no tenant",
				item->text, other->place.file, other->place.line);
	}
}

static void check_counts(struct build *build)
{
	const struct policy *policy = build->policy;
	size_t accounts = 0;

	for (size_t i = 0; i < policy->tenant_count; i++) {
		accounts += policy->tenants[i].accounts.count;
		if (accounts <= POLICY_ACCOUNT_MAX)
			continue;
		problem(build, &policy->tenants[i].place, "groups: account = @staff",
			"too many accounts: expected at most %d in one policy", POLICY_ACCOUNT_MAX);
		break;
	}
	if (policy->login.break_glass.count > POLICY_BREAK_GLASS_MAX)
		problem(build, &policy->login.place, NULL,
			"too many break-glass accounts: expected at most %d",
			POLICY_BREAK_GLASS_MAX);
	if (policy->login.except_services.count > POLICY_SERVICE_MAX)
		problem(build, &policy->login.place, NULL,
			"too many of except-service: expected at most %d", POLICY_SERVICE_MAX);
}

/* And says none that is wrong. */
static bool lacks_accounts(const struct build *build, size_t tenant)
{
	return !build->policy->tenants[tenant].accounts.count &&
	       !build_is_broken(build, SECTION_TENANT, tenant);
}

static bool has_accounts(const struct build *build)
{
	for (size_t i = 0; i < build->policy->tenant_count; i++)
		if (!lacks_accounts(build, i))
			return true;
	return build_is_broken(build, SECTION_TENANT, POLICY_INDEX_NONE);
}

static void check_owner(struct build *build)
{
	const struct policy *policy = build->policy;
	const struct policy_item *owner = &policy->login.device_of;

	if (!owner->text || owner->index >= policy->tenant_count)
		return;
	if (lacks_accounts(build, owner->index))
		problem(build, &owner->place, "account",
			"[tenant %s] has no account, so nobody but root could log in", owner->text);
}

static void check_audience(struct build *build, size_t index)
{
	const struct policy *policy = build->policy;
	const struct policy_audience *audience = &policy->audiences[index];
	size_t tenant = audience->tenant.index;

	if (audience->tenant.text && tenant < policy->tenant_count && lacks_accounts(build, tenant))
		problem(build, &audience->tenant.place, "account",
			"[tenant %s] has no account, so nobody could get a ticket for [audience "
			"%s]",
			policy->tenants[tenant].name, audience->name);
	if (!policy->trust.lease_s && !build_is_broken(build, SECTION_TRUST, POLICY_INDEX_ALL))
		problem(build, &audience->place, "[trust]",
			"[audience %s] without [trust]: tickets are for trusted devices",
			audience->name);
	if (audience->lifetime_s > POLICY_TICKET_MAX_S)
		problem(build, &audience->place, NULL,
			"lifetime of [audience %s]: expected at most %dm", audience->name,
			POLICY_TICKET_MAX_S / 60);
	for (size_t i = 0; i < index; i++)
		if (audience->uri && policy->audiences[i].uri &&
			!strcmp(audience->uri, policy->audiences[i].uri))
			problem(build, &audience->place, NULL,
				"[audience %s] has the uri of [audience %s] at %s:%u",
				audience->name, policy->audiences[i].name,
				policy->audiences[i].place.file, policy->audiences[i].place.line);
}

void check_login(struct build *build)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < policy->tenant_count; i++)
		check_tenant(build, i);
	check_counts(build);
	check_owner(build);
	if (policy->login.place.line && !has_accounts(build) && !policy->login.device_of.text &&
		!build_is_broken(build, SECTION_LOGIN, 0))
		problem(build, &policy->login.place, "account",
			"[login] can never apply: no [tenant] has an account");
	for (size_t i = 0; i < policy->audience_count; i++)
		check_audience(build, i);
}
