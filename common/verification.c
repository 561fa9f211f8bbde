/* SPDX-License-Identifier: Apache-2.0 */
#include "common/verification.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const methods[VERIFY_METHOD_MAX] = {
	[VERIFY_PASSWORD] = "password",
	[VERIFY_TOTP] = "totp",
	[VERIFY_SECURITY_KEY] = "security-key",
	[VERIFY_PAGE] = "page",
};

static const char *const causes[VERIFY_CAUSE_MAX] = {
	[VERIFY_CAUSE_LOCK] = "lock",
	[VERIFY_CAUSE_SUSPEND] = "suspend",
	[VERIFY_CAUSE_IDLE] = "idle",
	[VERIFY_CAUSE_SWITCH] = "switch",
	[VERIFY_CAUSE_LOGOUT] = "logout",
	[VERIFY_CAUSE_UNWATCHED] = "unwatched",
	[VERIFY_CAUSE_ASKED] = "asked",
};

const char *verify_method_name(unsigned int method)
{
	return method < VERIFY_METHOD_MAX ? methods[method] : NULL;
}

void verify_methods_format(unsigned int numbers, char ret_words[VERIFY_METHODS_SIZE])
{
	size_t used = 0;

	ret_words[0] = '\0';
	for (unsigned int i = 0; i < VERIFY_METHOD_MAX; i++)
		if (numbers & 1U << i) /* all fit */
			used += (size_t)snprintf(ret_words + used, VERIFY_METHODS_SIZE - used,
				"%s%s", used ? ", " : "", methods[i]);
}

const char *verify_cause_name(unsigned int cause)
{
	return cause < VERIFY_CAUSE_MAX ? causes[cause] : NULL;
}

int verify_method_parse(const char *word)
{
	for (int i = 0; i < VERIFY_METHOD_MAX; i++)
		if (!strcmp(methods[i], word))
			return i;
	return -ENOENT;
}

int verify_cause_parse(const char *word)
{
	for (int i = 0; i < VERIFY_CAUSE_CHOICE_MAX; i++)
		if (!strcmp(causes[i], word))
			return i;
	return -ENOENT;
}
