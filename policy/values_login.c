/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [tenant], [login] and [audience]: accounts, services, addresses of services. */
#include "policy/values.h"

#include <ctype.h>
#include <string.h>

#define ACCOUNT_MAX  128
#define SERVICE_MAX  32
#define AUDIENCE_MAX 200

/* What may stand in the name of an account or group: SSSD's and winbind's have @, \ and dots. */
static bool is_account_text(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._-@\\$+", *text))
			return false;
	return true;
}

static bool is_account(const char *word)
{
	size_t size = strlen(word);

	if (size > ACCOUNT_MAX)
		return false;
	if (*word == '@')
		return word[1] && word[1] != '@' && is_account_text(word + 1);
	if (*word == '*') /* what the name ends with: *@acme.example */
		return size > 2 && strchr("@.-", word[1]) && is_account_text(word + 1);
	if (size > 2 && word[size - 1] == '*') { /* what it begins with: ACME\* */
		char copy[ACCOUNT_MAX + 1];

		memcpy(copy, word, size - 1);
		copy[size - 1] = '\0';
		return word[size - 2] == '\\' && is_account_text(copy);
	}
	return size && *word != '-' && is_account_text(word);
}

static void account_add(struct build *build, void *field, char *word)
{
	if (!is_account(word)) {
		build_problem(build,
			strpbrk(word, " \t") ? "put a comma between two accounts" : NULL,
			"account '%.60s': expected a name, @group, *@domain or DOMAIN\\*", word);
		return;
	}
	if (!strcmp(word, "root")) {
		build_problem(build, NULL,
			"account 'root': root is nobody's, so that it can always log in");
		return;
	}
	value_list_add(build, field, word);
}

void value_accounts(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, account_add);
}

static void plain_account_add(struct build *build, void *field, char *word)
{
	if (!is_account(word) || *word == '@' || strchr(word, '*')) {
		build_problem(build, NULL,
			"break-glass '%.60s': expected the name of an account of this machine",
			word);
		return;
	}
	if (!strcmp(word, "root")) {
		build_problem(build, NULL, "break-glass 'root': root can always log in without it");
		return;
	}
	value_list_add(build, field, word);
}

void value_break_glass(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, plain_account_add);
}

static void service_add(struct build *build, void *field, char *word)
{
	size_t size = strspn(
		word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (!size || word[size] || size > SERVICE_MAX || *word == '.') {
		build_problem(build, "the name of a file in /etc/pam.d",
			"%s '%.60s': expected the name of a PAM service", build->key->name, word);
		return;
	}
	value_list_add(build, field, word);
}

void value_services(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, service_add);
}

void value_audience(struct build *build, void *field, const char *value)
{
	if (strlen(value) > AUDIENCE_MAX || strpbrk(value, " \t\"\\<>")) {
		build_problem(build, "https://mail.example.com",
			"uri '%.60s': expected one word of at most %d bytes, as the service knows "
			"itself",
			value, AUDIENCE_MAX);
		return;
	}
	value_text(build, field, value);
}
