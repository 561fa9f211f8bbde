/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/login_book.h"

const struct policy_account *policy_login_account(
	const struct policy_compiled *compiled, size_t index)
{
	return index < compiled->login.account_count ? &compiled->login.accounts[index] : NULL;
}

const struct policy_audience_entry *policy_audience_find(
	const struct policy_compiled *compiled, const char *name)
{
	for (size_t i = 0; i < compiled->login.audience_count; i++) {
		const struct policy_audience_entry *entry = &compiled->login.audiences[i];

		if (!strcmp(entry->name, name) || !strcmp(entry->uri, name))
			return entry;
	}
	return NULL;
}

static void put_account(FILE *out, const char *tenant, const struct policy_account *account,
	policy_gid_function *gid_of, void *userdata)
{
	uint32_t gid;

	(void)fprintf(out, "account %s %s", tenant, account->text);
	if (*account->text != '@')
		(void)fputc('\n', out);
	else if (gid_of && gid_of(account->text + 1, &gid, userdata) == 0)
		(void)fprintf(out, " %u\n", gid);
	else
		(void)fputs(" -\n", out);
}

/* Writing to memory fails without memory alone, and fclose() tells. */
static void put_book(FILE *out, const struct policy_login_rules *login, policy_gid_function *gid_of,
	void *userdata)
{
	(void)fputs("holdfast-login 1\n", out);
	if (login->contact)
		(void)fprintf(out, "contact %s\n", login->contact);
	for (size_t i = 0; i < login->tenant_count; i++)
		if (login->tenants[i].title)
			(void)fprintf(out, "tenant %s %s\n", login->tenants[i].name,
				login->tenants[i].title);
	if (login->owner >= 0)
		(void)fprintf(out, "device-of %s\n", login->tenants[login->owner].name);
	for (size_t i = 0; i < login->break_glass_count; i++)
		(void)fprintf(out, "break-glass %s\n", login->break_glass[i]);
	for (size_t i = 0; i < login->except_service_count; i++)
		(void)fprintf(out, "except-service %s\n", login->except_services[i]);
	for (size_t i = 0; i < login->account_count; i++)
		put_account(out, login->tenants[login->accounts[i].tenant].name,
			&login->accounts[i], gid_of, userdata);
	(void)fputs("end\n", out);
}

int policy_login_book(const struct policy_compiled *compiled, policy_gid_function *gid_of,
	void *userdata, char **ret_text, size_t *ret_size)
{
	auto_free char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	put_book(out, &compiled->login, gid_of, userdata);
	if (fclose(out) != 0)
		return -ENOMEM;
	if (size > LOGIN_BOOK_MAX)
		return -EFBIG;
	*ret_text = take_ptr(text);
	*ret_size = size;
	return 0;
}
