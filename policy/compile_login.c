/* SPDX-License-Identifier: Apache-2.0 */
/* Copies what [tenant], [login] and [audience] say of logins and tickets. */
#include <errno.h>

#include "policy/compile_parts.h"

static int copy_accounts(struct compile *compile, size_t tenant)
{
	const struct policy_list *accounts = &compile->policy->tenants[tenant].accounts;
	struct policy_login_rules *login = &compile->compiled->login;

	for (size_t i = 0; i < accounts->count; i++) {
		struct policy_account *account = compile_grow(
			&login->accounts, &login->account_count, sizeof(*account));

		if (!account || compile_copy(accounts->items[i].text, &account->text) < 0)
			return -ENOMEM;
		account->tenant = tenant;
		account->place = compile_place(compile, accounts->items[i].place);
	}
	return 0;
}

static int copy_tenants(struct compile *compile)
{
	const struct policy *policy = compile->policy;
	struct policy_login_rules *login = &compile->compiled->login;

	for (size_t i = 0; i < policy->tenant_count; i++) {
		struct policy_tenant_entry *entry = compile_grow(
			&login->tenants, &login->tenant_count, sizeof(*entry));

		if (!entry || compile_copy(policy->tenants[i].name, &entry->name) < 0 ||
			compile_copy(policy->tenants[i].title, &entry->title) < 0 ||
			compile_copy(policy->tenants[i].domain, &entry->domain) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < policy->tenant_count; i++)
		if (copy_accounts(compile, i) < 0)
			return -ENOMEM;
	return 0;
}

static int copy_words(const struct policy_list *from, char ***ret_words, size_t *ret_count)
{
	for (size_t i = 0; i < from->count; i++) {
		char **word = compile_grow(ret_words, ret_count, sizeof(*word));

		if (!word || compile_copy(from->items[i].text, word) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_audience(struct compile *compile, const struct policy_audience *from)
{
	struct policy_login_rules *login = &compile->compiled->login;
	struct policy_audience_entry *entry = compile_grow(
		&login->audiences, &login->audience_count, sizeof(*entry));

	if (!entry || compile_copy(from->name, &entry->name) < 0 ||
		compile_copy(from->uri, &entry->uri) < 0 ||
		copy_words(&from->apps, &entry->apps, &entry->app_count) < 0)
		return -ENOMEM;
	entry->tenant = from->tenant.index;
	entry->lifetime_s = from->lifetime_s ? from->lifetime_s : POLICY_TICKET_DEFAULT_S;
	entry->place = compile_place(compile, from->place);
	return 0;
}

int compile_login(struct compile *compile)
{
	const struct policy *policy = compile->policy;
	struct policy_login_rules *login = &compile->compiled->login;

	if (copy_tenants(compile) < 0 ||
		copy_words(&policy->login.break_glass, &login->break_glass,
			&login->break_glass_count) < 0 ||
		copy_words(&policy->login.except_services, &login->except_services,
			&login->except_service_count) < 0 ||
		compile_copy(policy->login.contact, &login->contact) < 0)
		return -ENOMEM;
	login->owner = policy->login.device_of.text ? (int)policy->login.device_of.index : -1;
	login->place = compile_place(compile, policy->login.place);
	login->owner_place = compile_place(compile, policy->login.device_of.place);
	for (size_t i = 0; i < policy->audience_count; i++)
		if (copy_audience(compile, &policy->audiences[i]) < 0)
			return -ENOMEM;
	return 0;
}

static void words_free(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free(words);
}

void compile_login_free(struct policy_login_rules *login)
{
	for (size_t i = 0; i < login->tenant_count; i++) {
		free(login->tenants[i].name);
		free(login->tenants[i].title);
		free(login->tenants[i].domain);
	}
	for (size_t i = 0; i < login->account_count; i++)
		free(login->accounts[i].text);
	for (size_t i = 0; i < login->audience_count; i++) {
		free(login->audiences[i].name);
		free(login->audiences[i].uri);
		words_free(login->audiences[i].apps, login->audiences[i].app_count);
	}
	words_free(login->break_glass, login->break_glass_count);
	words_free(login->except_services, login->except_service_count);
	free(login->tenants);
	free(login->accounts);
	free(login->audiences);
	free(login->contact);
}
