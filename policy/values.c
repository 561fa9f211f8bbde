/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/uuid.h"
#include "policy/words.h"

#define SERIAL_MAX 128
#define DOMAIN_MAX 253 /* RFC 1035, 2.3.4, as written with dots */
#define USER_MAX   64

bool value_is_name(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return size && size <= POLICY_NAME_MAX && !name[size] && *name != '-' &&
	       name[size - 1] != '-';
}

static void replace(struct build *build, char **where, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		build->r = -ENOMEM;
	free(*where);
	*where = copy;
}

void value_text(struct build *build, void *field, const char *value)
{
	char **where = field, *joined;

	if ((*where ? strlen(*where) + 1 : 0) + strlen(value) > POLICY_TEXT_MAX) {
		build_problem(build, NULL, "'%s' too long: expected at most %d bytes",
			build->key->name, POLICY_TEXT_MAX);
		return;
	}
	if (!*where) {
		replace(build, where, value);
		return;
	}
	if (asprintf(&joined, "%s %s", *where, value) < 0) {
		build->r = -ENOMEM;
		return;
	}
	free(*where);
	*where = joined;
}

void value_link(struct build *build, void *field, const char *value)
{
	const char *host = value + strlen("https://");

	if (strncmp(value, "https://", strlen("https://")) || !isalnum((unsigned char)*host) ||
		strpbrk(value, " \t\"<>")) {
		build_problem(build, "https://intranet.example/help",
			"'%.60s' is no link: expected an https:// address", value);
		return;
	}
	replace(build, field, value);
}

bool value_is_domain(struct build *build, const char *value)
{
	size_t size = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	if (!value[size] && size <= DOMAIN_MAX && *value != '.' && *value != '-' &&
		value[size - 1] != '.' && strchr(value, '.') && !strstr(value, ".."))
		return true;
	build_problem(build, "example.com",
		"'%.60s' is no domain: expected lower-case letters, digits, - and dots", value);
	return false;
}

void value_domain(struct build *build, void *field, const char *value)
{
	if (value_is_domain(build, value))
		replace(build, field, value);
}

void value_serial(struct build *build, void *field, const char *value)
{
	if (strlen(value) > SERIAL_MAX || strpbrk(value, " \t,")) {
		build_problem(build, "udevadm info shows it as ID_SERIAL_SHORT",
			"'%.60s' is no serial number: expected one word of at most %d bytes", value,
			SERIAL_MAX);
		return;
	}
	replace(build, field, value);
}

void value_version(struct build *build, void *field, const char *value)
{
	uint64_t *where = field, version = 0;
	size_t size = strspn(value, "0123456789");

	*where = 1; /* not missing, whatever it is */
	if (size && !value[size] && size <= 16 && *value != '0')
		for (size_t i = 0; i < size; i++)
			version = version * 10 + (uint64_t)(value[i] - '0');
	if (!version || version > POLICY_VERSION_MAX) {
		build_problem(build, NULL,
			"version '%.40s': expected a whole number from 1 to 9007199254740992",
			value);
		return;
	}
	*where = version;
}

void value_choice(
	struct build *build, bool *where, const char *value, const char *yes, const char *no)
{
	const char *words[] = {yes, no};

	if (strcmp(value, yes) && strcmp(value, no)) {
		build_problem(build, policy_word_nearest(value, words, 2),
			"%s '%.40s': expected %s or %s", build->key->name, value, yes, no);
		return;
	}
	*where = !strcmp(value, yes);
}

void value_yes_no(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "yes", "no");
}

void value_mode(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "rehearse", "enforce");
}

void value_lease(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "no", "yes");
}

void value_wipe(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "remove", "keep");
}

void value_duration(struct build *build, void *field, const char *value)
{
	static const struct {
		char letter;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t digits = strspn(value, "0123456789");
	uint32_t number = 0, *where = field;

	*where = 1; /* not missing, whatever it is */
	if (digits && digits <= 8)
		for (size_t i = 0; i < digits; i++)
			number = number * 10 + (uint32_t)(value[i] - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (value[digits] == units[i].letter && !value[digits + 1] && number &&
			number <= POLICY_DURATION_MAX_S / units[i].seconds) {
			*where = number * units[i].seconds;
			return;
		}
	build_problem(build, "15m, 8h, 7d",
		"%s '%.40s': expected a whole number with s, m, h or d, of 366 days at most",
		build->key->name, value);
}

void value_uuid(struct build *build, void *field, const char *value)
{
	if (uuid_parse(value, field) < 0)
		build_problem(build, "leave id out to have it made from tenant and label",
			"id '%.60s': expected a UUID such as 3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a",
			value);
}

void value_hex_id(struct build *build, void *field, const char *value)
{
	char *where = field;

	if (strlen(value) != 4 || strspn(value, "0123456789abcdefABCDEF") != 4) {
		build_problem(build,
			strncmp(value, "0x", 2) ? "lsusb shows it as vendor:product"
						: "leave out 0x",
			"%s '%.40s': expected four hexadecimal digits", build->key->name, value);
		return;
	}
	for (size_t i = 0; i < 4; i++)
		where[i] = (char)tolower((unsigned char)value[i]);
	where[4] = '\0';
}

static void list_add(struct build *build, struct policy_list *list, const char *text, size_t index)
{
	struct policy_item *item;
	char *copy;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].text, text))
			continue;
		build_problem(build, NULL, "%s '%.120s' twice: the first is in line %u",
			build->key->name, text, list->items[i].place.line);
		return;
	}
	if (list->count >= POLICY_LIST_MAX) {
		build_problem(build, NULL, "too many values of '%s': expected at most %d",
			build->key->name, POLICY_LIST_MAX);
		return;
	}
	copy = strdup(text);
	if (!copy) {
		build->r = -ENOMEM;
		return;
	}
	item = build_grow(build, &list->items, &list->count, sizeof(*item));
	if (!item) {
		free(copy);
		return;
	}
	item->text = copy;
	item->index = index;
	item->place = build->place;
}

void value_each_word(struct build *build, void *field, const char *value,
	void (*each)(struct build *build, void *field, char *word))
{
	auto_free char *copy = strdup(value);
	char *next = copy;

	if (!copy) {
		build->r = -ENOMEM;
		return;
	}
	while (next) {
		char *word = strsep(&next, ","), *end;

		word += strspn(word, " \t");
		for (end = word + strlen(word); end > word && isblank((unsigned char)end[-1]);)
			*--end = '\0';
		if (*word)
			each(build, field, word);
		else if (next || word == copy)
			build_problem(build, NULL, "nothing between two commas in '%s'",
				build->key->name);
	}
}

static void name_add(struct build *build, void *field, char *word)
{
	if (strpbrk(word, " \t"))
		build_problem(build, "put a comma between two names", "%s '%.60s': expected names",
			build->key->name, word);
	else
		list_add(build, field, word, POLICY_INDEX_NONE);
}

void value_names(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, name_add);
}

void value_labels(struct build *build, void *field, const char *value)
{
	struct policy_list *list = field;

	value_names(build, list, value);
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].text, "*"))
			list->items[i].index = POLICY_INDEX_ALL;
	if (list->count > 1 && (list->items[0].index == POLICY_INDEX_ALL ||
				       list->items[list->count - 1].index == POLICY_INDEX_ALL))
		build_problem(build, NULL, "label '*' beside others: expected '*' alone, or names");
}

static void user_add(struct build *build, void *field, char *word)
{
	const char *name = word + (*word == '@');
	char *end;

	if (!*name || strlen(name) > USER_MAX || strpbrk(name, " \t:/@*") || *name == '-') {
		build_problem(build, strpbrk(name, " \t") ? "put a comma between two users" : NULL,
			"except-user '%.60s': expected a user name, @group or a user id", word);
		return;
	}
	if (isdigit((unsigned char)*word)) {
		errno = 0;
		if (strtoull(word, &end, 10) >= UINT32_MAX || errno || *end) {
			build_problem(build, NULL,
				"except-user '%.60s': expected a user id from 0 to 4294967294",
				word);
			return;
		}
	}
	list_add(build, field, word, POLICY_INDEX_NONE);
}

void value_users(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, user_add);
}

void value_tenant(struct build *build, void *field, const char *value)
{
	struct policy_item *item = field;

	item->index = POLICY_INDEX_NONE;
	item->place = build->place;
	replace(build, &item->text, value);
}

static void open_add(struct build *build, void *field, char *word)
{
	struct policy_label *label = field;

	if (!strcmp(word, "none")) {
		label->open = POLICY_OPEN_NONE;
		if (label->open_with.count)
			build_problem(build, NULL,
				"open-with 'none' beside applications: expected 'none' alone, or "
				"names");
		return;
	}
	if (label->open == POLICY_OPEN_NONE) {
		build_problem(build, NULL,
			"open-with 'none' beside applications: expected 'none' alone, or names");
		return;
	}
	label->open = POLICY_OPEN_LISTED;
	name_add(build, &label->open_with, word);
}

void value_open_with(struct build *build, void *field, const char *value)
{
	struct policy_label *label = field;

	if (!label->open_place.line)
		label->open_place = build->place;
	value_each_word(build, label, value, open_add);
}

static void channel_add(struct build *build, void *field, char *word)
{
	struct policy_rule *rule = field;
	int channel = policy_channel_parse(word);

	if (channel < 0) {
		build_problem(build, policy_channel_nearest(word),
			"unknown channel '%.40s': expected open, removable, netshare, network, "
			"local-file,"
			" raw-disk, debug, descriptor, mount, ipc, print, clipboard "
			"or screen",
			word);
		return;
	}
	if (rule->channels & 1U << channel)
		build_problem(build, NULL, "channel '%s' twice: the first is in line %u", word,
			rule->channel_places[channel].line);
	rule->channels |= 1U << channel;
	rule->channel_places[channel] = build->place;
}

void value_channels(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, channel_add);
}

void value_action(struct build *build, void *field, const char *value)
{
	struct policy_rule *rule = field;
	int action = policy_action_parse(value);

	if (action < 0) {
		build_problem(build, policy_action_nearest(value),
			"unknown action '%.40s': expected allow, audit, warn, block or, for "
			"local-file, ipc, clipboard and screen, follow",
			value);
		return;
	}
	rule->action = (enum policy_action)action;
	rule->action_place = build->place;
}

void value_list_add(struct build *build, void *field, const char *value)
{
	list_add(build, field, value, POLICY_INDEX_NONE);
}
