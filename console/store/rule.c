/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says, and whether it holds. Where rules lie is rule_store.c's. */
#include "console/store/rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STARS_MAX 4 /* of a pattern: each may be tried at each place of a name */

bool rule_is_name(const char *name)
{
	size_t size = strlen(name);

	return size && size < RULE_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == size;
}

/* IPv4 as IPv6 has it. */
static bool address_parse(const char *text, uint8_t ret_address[16], bool *ret_is_4)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*ret_is_4 = inet_pton(AF_INET, text, ret_address + 12) == 1;
	if (*ret_is_4)
		memcpy(ret_address, mapped, sizeof(mapped));
	return *ret_is_4 || inet_pton(AF_INET6, text, ret_address) == 1;
}

static bool network_parse(const char *text, struct rule_condition *condition)
{
	char address[RULE_VALUE_SIZE];
	const char *slash = strchr(text, '/');
	unsigned long bits;
	bool is_4;
	char *end;

	if (!slash || !slash[1])
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!address_parse(address, condition->network, &is_4))
		return false;
	errno = 0;
	bits = strtoul(slash + 1, &end, 10);
	if (errno || *end || slash[1] < '0' || slash[1] > '9' || bits > (is_4 ? 32 : 128))
		return false;
	condition->prefix = (unsigned int)bits + (is_4 ? 96 : 0);
	return true;
}

static unsigned int stars_in(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '*';
	return count;
}

static const char *condition_parse(const char *name, struct rule_condition *condition)
{
	if (!strcmp(name, "host")) {
		condition->kind = RULE_HOST;
		return stars_in(condition->value) > STARS_MAX ? "more than 4 '*' in a pattern"
							      : NULL;
	}
	if (!strcmp(name, "owner")) {
		condition->kind = RULE_OWNER;
		return !strcmp(condition->value, "enterprise") ||
				       !strcmp(condition->value, "personal")
			       ? NULL
			       : "an owner is enterprise or personal";
	}
	if (!strcmp(name, "network")) {
		condition->kind = RULE_NETWORK;
		return network_parse(condition->value, condition) ? NULL
								  : "a network is ADDRESS/BITS";
	}
	condition->kind = RULE_FACT;
	condition->fact = device_fact_find(name);
	return condition->fact < FACT_BOOT ? NULL : "there is no such fact of a device";
}

static const char *serials_parse(const char *number, const char *rest, struct rule *rule)
{
	unsigned long wanted, count = 0;
	char *end;

	errno = 0;
	wanted = strtoul(number, &end, 10);
	if (errno || *end || *number < '0' || *number > '9' || wanted > RULE_TEXT_MAX)
		return "serials is a number";
	for (const char *at = rest; *at; at++)
		count += *at == '\n';
	if (count != wanted || (*rest && rest[strlen(rest) - 1] != '\n'))
		return "there are not as many serial numbers as it says";
	rule->has_serials = true;
	rule->serial_count = (unsigned int)wanted;
	rule->serials = rest;
	return NULL;
}

/* One line; *text goes behind it. */
static const char *line_parse(const char **text, struct rule *rule)
{
	size_t size = strcspn(*text, "\n"), name_size = strcspn(*text, "=\n");
	struct rule_condition *condition = &rule->conditions[rule->count];
	char name[RULE_NAME_SIZE];

	if ((*text)[size] != '\n' || name_size == size || name_size >= sizeof(name) ||
		size - name_size - 1 >= sizeof(condition->value) || size == name_size + 1)
		return "a line is NAME=VALUE";
	if (rule->count == RULE_CONDITION_MAX)
		return "more than 16 conditions";
	memcpy(name, *text, name_size);
	name[name_size] = '\0';
	memset(condition, 0, sizeof(*condition));
	memcpy(condition->value, *text + name_size + 1, size - name_size - 1);
	*text += size + 1;
	if (!strcmp(name, "serials")) {
		const char *why = serials_parse(condition->value, *text, rule);

		*text += strlen(*text);
		return why;
	}
	rule->count++;
	return condition_parse(name, condition);
}

int rule_parse(const char *text, struct rule *ret_rule, const char **ret_why)
{
	static struct rule rule;
	const char *why = NULL;

	rule = (struct rule){0};
	while (*text && !why)
		why = line_parse(&text, &rule);
	if (!why && !rule.count && !rule.has_serials)
		why = "a rule without a condition would approve everything";
	if (why) {
		*ret_why = why;
		return -EBADMSG;
	}
	*ret_rule = rule;
	return 0;
}

static bool is_in_network(const struct rule_condition *condition, const char *text)
{
	unsigned int whole = condition->prefix / 8, rest = condition->prefix % 8;
	uint8_t address[16], mask = (uint8_t)(0xff00u >> rest);
	bool is_4;

	if (!address_parse(text, address, &is_4) || memcmp(address, condition->network, whole) != 0)
		return false;
	return !rest || (address[whole] & mask) == (condition->network[whole] & mask);
}

static bool holds(const struct rule_condition *condition, const struct rule_subject *subject)
{
	switch (condition->kind) {
	case RULE_HOST:
		return fnmatch(condition->value, subject->device->host, FNM_CASEFOLD) == 0;
	case RULE_OWNER:
		return !strcmp(condition->value, subject->device->owner);
	case RULE_NETWORK:
		return is_in_network(condition, subject->address);
	case RULE_FACT:
		return !strcmp(condition->value, subject->record->facts[condition->fact]);
	}
	return false;
}

static bool has_serial(const struct rule *rule, const char *serial)
{
	size_t size = strlen(serial);

	if (!size)
		return false;
	for (const char *at = rule->serials; *at; at += strcspn(at, "\n") + 1)
		if (strcspn(at, "\n") == size && !strncasecmp(at, serial, size))
			return true;
	return false;
}

bool rule_matches(const struct rule *rule, const struct rule_subject *subject)
{
	for (unsigned int i = 0; i < rule->count; i++)
		if (!holds(&rule->conditions[i], subject))
			return false;
	return !rule->has_serials || has_serial(rule, subject->record->facts[FACT_SERIAL]);
}
