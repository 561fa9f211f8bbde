/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are values of the store: their names in one, each one's text in another, so that any database
 * has them, in backups too. There are few, and they are looked at when a device enrols.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/audit.h"
#include "console/store/rule.h"

#define NAMES_KEY  "rules"
#define NAMES_SIZE (RULES_MAX * RULE_NAME_SIZE)
#define KEY_SIZE   (RULE_NAME_SIZE + 8)

static void key_of(const char *name, char ret_key[KEY_SIZE])
{
	(void)snprintf(ret_key, KEY_SIZE, "rule.%s", name);
}

int rule_names(struct store *store, char ret_names[NAMES_SIZE])
{
	int r;

	ret_names[0] = '\0';
	r = store_get(store, NAMES_KEY, ret_names, NAMES_SIZE);
	return r == -ENOENT ? 0 : r;
}

/* Where that name's line is, or NULL. */
static char *name_in(char *names, const char *name)
{
	size_t size = strlen(name);

	for (char *at = names; *at; at += strcspn(at, "\n") + 1)
		if (!strncmp(at, name, size) && at[size] == '\n')
			return at;
	return NULL;
}

int rule_add(struct store *store, const char *name, const char *text)
{
	char names[NAMES_SIZE], key[KEY_SIZE];
	size_t used, count = 0;
	int r;

	r = rule_names(store, names);
	if (r < 0)
		return r;
	if (name_in(names, name))
		return -EEXIST;
	used = strlen(names);
	for (const char *at = names; *at; at++)
		count += *at == '\n';
	if (count == RULES_MAX || used + strlen(name) + 2 > sizeof(names))
		return -E2BIG;
	(void)snprintf(names + used, sizeof(names) - used, "%s\n", name);
	key_of(name, key);
	r = store_set(store, key, text);
	return r < 0 ? r : store_set(store, NAMES_KEY, names);
}

int rule_remove(struct store *store, const char *name)
{
	char names[NAMES_SIZE], key[KEY_SIZE], *at, *behind;
	int r;

	r = rule_names(store, names);
	if (r < 0)
		return r;
	at = name_in(names, name);
	if (!at)
		return -ENOENT;
	behind = at + strlen(name) + 1;
	memmove(at, behind, strlen(behind) + 1);
	key_of(name, key);
	r = store_set(store, key, "");
	return r < 0 ? r : store_set(store, NAMES_KEY, names);
}

int rule_text(struct store *store, const char *name, const char **ret_text)
{
	static char text[RULE_TEXT_MAX + 1]; /* too large for the stack */
	char key[KEY_SIZE];
	int r;

	key_of(name, key);
	r = store_get(store, key, text, sizeof(text));
	if (r < 0)
		return r;
	*ret_text = text;
	return 0;
}

static int approve(struct store *store, const struct rule_subject *subject, const char *name)
{
	char why[STORE_WHY_SIZE], who[RULE_NAME_SIZE + 8], uid[UUID_TEXT_SIZE];
	const struct audit_act act = {.who = who,
		.act = "device approve",
		.what = why,
		.before = "pending",
		.after = "trusted",
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	(void)snprintf(who, sizeof(who), "rule %s", name);
	(void)snprintf(why, sizeof(why), "by rule '%s', from %.63s", name, subject->address);
	r = store_device_set_state(
		store, subject->device->id, DEVICE_TRUSTED, who, why, act.time_ms);
	if (r < 0)
		return r;
	uuid_format(subject->device->uid, uid);
	(void)snprintf(why, sizeof(why), "%s %.200s, from %.63s", uid, subject->device->host,
		subject->address);
	r = audit_note(store, &act);
	return r < 0 ? r : 1;
}

int rule_approve(struct store *store, const struct rule_subject *subject)
{
	char names[NAMES_SIZE], *rest = names, *name;
	static struct rule rule;
	const char *text, *why;
	int r;

	if (subject->device->state != DEVICE_PENDING)
		return 0;
	r = rule_names(store, names);
	if (r < 0)
		return r;
	while ((name = strtok_r(rest, "\n", &rest)) != NULL) {
		r = rule_text(store, name, &text);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && rule_parse(text, &rule, &why) == 0 && rule_matches(&rule, subject))
			return approve(store, subject, name);
	}
	return 0;
}
