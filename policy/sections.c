/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns headings and pairs into calls of values.c, as section_table.c has them; owns unknown, repeated,
 * missing and misplaced ones.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/section_table.h"
#include "policy/values.h"
#include "policy/words.h"

#define WORDS_MAX 256 /* bytes of a list of valid words */

void *build_grow(struct build *build, void *array_of_items, size_t *count, size_t item_size)
{
	void *items;
	char *item;

	memcpy(&items, array_of_items, sizeof(items));
	items = realloc(items, (*count + 1) * item_size);
	if (!items) {
		build->r = -ENOMEM;
		return NULL;
	}
	memcpy(array_of_items, &items, sizeof(items));
	item = (char *)items + *count * item_size;
	memset(item, 0, item_size);
	(*count)++;
	return item;
}

static void *array_of(struct build *build, const struct section *section)
{
	return (char *)build->policy + section->array;
}

static char *item_at(struct build *build, const struct section *section, size_t index)
{
	char *items;

	memcpy(&items, array_of(build, section), sizeof(items));
	return items + index * section->size;
}

/* The struct that the keys' offsets are of. */
static char *current(struct build *build)
{
	if (build->section <= SECTION_VERIFY)
		return (char *)build->policy;
	return item_at(build, &policy_sections[build->section], build->index);
}

/* -ENOENT, or the place of an item of this name already there. */
static int find_item(struct build *build, const struct section *section, const char *name,
	struct policy_place *ret_place)
{
	size_t count;

	memcpy(&count, (char *)build->policy + section->count, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		const char *item = item_at(build, section, i);
		const char *known;

		memcpy(&known, item + section->item_name, sizeof(known));
		if (strcmp(known, name))
			continue;
		memcpy(ret_place, item + section->item_place, sizeof(*ret_place));
		return 0;
	}
	return -ENOENT;
}

static void note_broken(struct build *build, enum section_kind kind, size_t index)
{
	if (build->broken_count == POLICY_PROBLEM_MAX)
		return; /* what follows from it is not kept either */
	build->broken[build->broken_count].kind = kind;
	build->broken[build->broken_count++].index = index;
}

bool build_is_broken(const struct build *build, enum section_kind kind, size_t index)
{
	for (size_t i = 0; i < build->broken_count; i++)
		if (build->broken[i].kind == kind &&
			(index == POLICY_INDEX_ALL || build->broken[i].index == index))
			return true;
	return false;
}

static size_t problem_count(const struct build *build)
{
	return build->problems->count + build->problems->left_out;
}

static enum section_kind kind_of(struct build *build, const char *kind)
{
	const char *words[SECTION_MAX] = {0}, *nearest;

	for (size_t i = SECTION_POLICY; i < SECTION_MAX; i++) {
		if (!strcmp(policy_sections[i].name, kind))
			return (enum section_kind)i;
		words[i] = policy_sections[i].name;
	}
	nearest = policy_word_nearest(kind, words, SECTION_MAX);
	build_problem(build, nearest,
		"unknown section [%.40s]: expected policy, protection, trust, login, browser, "
		"screen, watermark, verify, tenant, label, app, network, device, rule, declassify, "
		"cache, audience, zone, service or vault",
		kind);
	for (size_t i = SECTION_POLICY; nearest && i < SECTION_MAX; i++)
		if (!strcmp(policy_sections[i].name, nearest))
			note_broken(build, (enum section_kind)i, POLICY_INDEX_NONE);
	return SECTION_NONE;
}

static void begin_policy(struct build *build, const char *name)
{
	if (*name)
		build_problem(build, "[policy]", "[policy] has no name: write 'name =' below it");
	if (build->policy_place.line) {
		build_problem(build, NULL, "second [policy]: the first is in line %u",
			build->policy_place.line);
		return;
	}
	build->policy_place = build->place;
	if (build->place.file_order == 0)
		build->policy->place = build->place;
	build->section = SECTION_POLICY;
}

/* Of those without a name there is one in the whole policy. */
static void begin_single(struct build *build, enum section_kind kind, const char *name)
{
	const struct section *section = &policy_sections[kind];
	char *where = (char *)build->policy + section->item_place;
	struct policy_place known;

	memcpy(&known, where, sizeof(known));
	if (*name)
		build_problem(build, NULL, "[%s %.40s]: [%s] has no name", section->name, name,
			section->name);
	if (known.line) {
		build_problem(build, NULL, "second [%s]: the first is at %s:%u", section->name,
			known.file, known.line);
		return;
	}
	memcpy(where, &build->place, sizeof(build->place));
	build->section = kind;
}

static void begin_item(struct build *build, enum section_kind kind, const char *name)
{
	const struct section *section = &policy_sections[kind];
	size_t *count = (size_t *)(void *)((char *)build->policy + section->count);
	struct policy_place known;
	char *item, *copy;

	if (!value_is_name(name)) {
		build_problem(build, *name ? "letters a to z, digits and dashes" : NULL,
			*name ? "[%s %.40s]: expected a name of at most %d of a-z, 0-9 and -"
			      : "[%s%.40s] without a name: expected a name of at most %d of a-z, "
				"0-9 and -",
			section->name, name, POLICY_NAME_MAX);
		return;
	}
	if (kind == SECTION_APP && !strcmp(name, "none")) {
		build_problem(build, NULL, "[app none]: 'none' means no application in open-with");
		return;
	}
	if (find_item(build, section, name, &known) == 0) {
		build_problem(build, NULL, "second [%s %s]: the first is at %s:%u", section->name,
			name, known.file, known.line);
		return;
	}
	if (*count >= section->limit) {
		build_problem(build, NULL, "too many [%s]: expected at most %zu in one policy",
			section->name, section->limit);
		return;
	}
	copy = strdup(name);
	if (!copy) {
		build->r = -ENOMEM;
		return;
	}
	item = build_grow(build, array_of(build, section), count, section->size);
	if (!item) {
		free(copy);
		return;
	}
	memcpy(item + section->item_name, &copy, sizeof(copy));
	memcpy(item + section->item_place, &build->place, sizeof(build->place));
	build->index = *count - 1;
	build->section = kind;
}

void section_begin(void *userdata, const char *kind, const char *name, unsigned int line)
{
	struct build *build = userdata;
	enum section_kind found;

	section_end(build);
	build->place.line = line;
	build->index = 0;
	build->problems_before = problem_count(build);
	found = kind_of(build, kind);
	if (found == SECTION_POLICY)
		begin_policy(build, name);
	else if (found >= SECTION_PROTECTION && found <= SECTION_VERIFY)
		begin_single(build, found, name);
	else if (found != SECTION_NONE)
		begin_item(build, found, name);
	if (build->section != SECTION_NONE)
		return;
	if (found != SECTION_NONE)
		note_broken(build, found, POLICY_INDEX_NONE);
	section_lost(build);
}

void section_lost(void *userdata)
{
	struct build *build = userdata;

	section_end(build);
	build->section = SECTION_MAX; /* keys below are not reported one by one */
}

void section_end(struct build *build)
{
	struct policy_place place;
	const struct section *section;

	if (build->section > SECTION_POLICY && build->section < SECTION_MAX) {
		section = &policy_sections[build->section];
		memcpy(&place, current(build) + section->item_place, sizeof(place));
		for (size_t i = 0; section->keys[i].name; i++)
			if (section->keys[i].flags & KEY_REQUIRED && !build->lines[i])
				policy_problems_add(build->problems, &place, section->keys[i].name,
					"[%s] without '%s': expected the key below this heading",
					section->name, section->keys[i].name);
		if (problem_count(build) != build->problems_before)
			note_broken(build, build->section, build->index);
	}
	build->section = SECTION_NONE;
	build->key = NULL;
	memset(build->lines, 0, sizeof(build->lines));
}

static void unknown_key(struct build *build, const struct section *section, const char *key)
{
	const char *words[BUILD_KEY_MAX];
	char list[WORDS_MAX] = "";
	size_t count = 0, used = 0;

	for (; section->keys[count].name; count++) {
		int size = snprintf(list + used, sizeof(list) - used, "%s%s", count ? ", " : "",
			section->keys[count].name);

		used += (size_t)size; /* all names of a section fit */
		words[count] = section->keys[count].name;
	}
	build_problem(build, policy_word_nearest(key, words, count),
		"unknown key '%.40s' in [%s]: expected %s", key, section->name, list);
}

static const struct section_key *find_key(
	struct build *build, const struct section *section, const char *name)
{
	const struct section_key *key = NULL;

	for (size_t i = 0; section->keys[i].name; i++)
		if (!strcmp(section->keys[i].name, name))
			key = &section->keys[i];
	if (!key) {
		unknown_key(build, section, name);
		return NULL;
	}
	if (build->lines[key - section->keys] && !(key->flags & KEY_REPEATS)) {
		build_problem(build, NULL, "second '%s' in this section: the first is in line %u",
			name, build->lines[key - section->keys]);
		return NULL;
	}
	if (build->section == SECTION_POLICY && key->set != value_include &&
		build->place.file_order > 0) {
		build_problem(build, "include",
			"'%s' in an included file: only the first file names the policy", name);
		return NULL;
	}
	return key;
}

static bool is_continuation_of_key(struct build *build, const char *value)
{
	size_t word = strcspn(value, " \t=");
	size_t equals = word + strspn(value + word, " \t");

	if (!build->key)
		return false; /* its key was wrong, and is reported */
	if (!(build->key->flags & (KEY_REPEATS | KEY_LONG))) {
		build_problem(build, "start the line without a space",
			"indented line continues '%s', which takes one value", build->key->name);
		return false;
	}
	if (*value == '[' || (build->key->flags & KEY_REPEATS && value[equals] == '=')) {
		build_problem(build, "start the line without a space",
			"indented line continues '%s': expected more of its value",
			build->key->name);
		return false;
	}
	return true;
}

void section_value(void *userdata, const char *key, const char *value, unsigned int line)
{
	struct build *build = userdata;
	const struct section *section;

	build->place.line = line;
	if (build->section == SECTION_MAX)
		return;
	if (build->section == SECTION_NONE) {
		build_problem(
			build, "[policy]", "'%.40s' before the first heading", key ? key : value);
		return;
	}
	section = &policy_sections[build->section];
	if (key) {
		build->key = find_key(build, section, key);
		if (build->key && !build->lines[build->key - section->keys])
			build->lines[build->key - section->keys] = line;
	} else if (!is_continuation_of_key(build, value)) {
		return;
	}
	if (!build->key)
		return;
	if (!*value) {
		build_problem(build, "the first value stands behind the =", "'%s' without a value",
			build->key->name);
		return;
	}
	build->key->set(build, current(build) + build->key->offset, value);
}
