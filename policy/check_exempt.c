/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where labels end: applications' state paths, [declassify] and [cache]. What contradicts a label, or
 * could never apply.
 */
#include <string.h>

#include "policy/build.h"
#include "policy/pattern.h"
#include "policy/rules.h"

#define problem(build, place, ...) policy_problems_add((build)->problems, (place), __VA_ARGS__)

/* The first path of the label that has everything below pattern; NULL when none has. */
static const struct policy_item *covering(const struct policy_label *label, const char *pattern)
{
	for (size_t i = 0; i < label->paths.count; i++)
		if (policy_pattern_covers(label->paths.items[i].text, pattern))
			return &label->paths.items[i];
	return NULL;
}

static bool is_overlapping(const char *a, const char *b)
{
	return policy_pattern_covers(a, b) || policy_pattern_covers(b, a);
}

/* Settings of one program that another one could read as its own. */
static void check_shared_state(struct build *build, size_t app, const struct policy_item *state)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < app; i++) {
		const struct policy_list *others = &policy->apps[i].states;

		for (size_t j = 0; j < others->count; j++)
			if (is_overlapping(others->items[j].text, state->text))
				problem(build, &state->place, NULL,
					"state '%.120s' overlaps with that of [app %s] (%s:%u): "
					"expected a directory of one application",
					state->text, policy->apps[i].name,
					others->items[j].place.file, others->items[j].place.line);
	}
}

static void check_documents(struct build *build, size_t index)
{
	const struct policy_app *app = &build->policy->apps[index];

	if (build_is_broken(build, SECTION_APP, index))
		return;
	for (size_t i = 0; i < app->documents.count; i++) {
		const struct policy_item *item = &app->documents.items[i];
		bool is_below = false;

		for (size_t j = 0; j < app->states.count; j++)
			is_below |= policy_pattern_covers(app->states.items[j].text, item->text) &&
				    strcmp(app->states.items[j].text, item->text);
		if (!is_below)
			problem(build, &item->place, "state",
				"documents '%.120s' can never apply: it is below no state of the "
				"application",
				item->text);
	}
}

static void check_states(struct build *build)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < policy->app_count; i++) {
		const struct policy_list *states = &policy->apps[i].states;

		check_documents(build, i);
		for (size_t j = 0; j < states->count; j++) {
			const struct policy_item *state = &states->items[j];

			check_shared_state(build, i, state);
			for (size_t k = 0; k < policy->label_count; k++)
				if (covering(&policy->labels[k], state->text))
					problem(build, &state->place, NULL,
						"state '%.120s' can never apply: all below it "
						"carries label %s by its place",
						state->text, policy->labels[k].name);
		}
	}
}

static void check_label(struct build *build, const struct rule_table *table,
	const struct policy_declassify *declassify, const struct policy_item *item)
{
	const struct policy *policy = build->policy;
	const struct policy_label *label = &policy->labels[item->index];
	const char *name = declassify->name;

	if (label->is_view_only) {
		problem(build, &item->place, NULL,
			"[label %s] is view-only (%s:%u): [declassify %s] contradicts it",
			label->name, label->place.file, label->place.line, name);
		return;
	}
	if (rule_action(policy, table, item->index, HF_CHANNEL_LOCAL_FILE) == POLICY_ACTION_ALLOW)
		problem(build, &item->place, NULL,
			"[declassify %s] can never apply to label %s: local files do not inherit "
			"it",
			name, label->name);
	for (size_t i = 0; i < declassify->paths.count; i++)
		if (covering(label, declassify->paths.items[i].text))
			problem(build, &declassify->paths.items[i].place, NULL,
				"[declassify %s] can never apply: all below '%.120s' carries "
				"label %s by its place",
				name, declassify->paths.items[i].text, label->name);
	if (rule_action(policy, table, item->index, HF_CHANNEL_PASS) != POLICY_ACTION_BLOCK)
		return; /* whoever it is, another program can hand it the content */
	for (size_t i = 0; i < declassify->apps.count; i++) {
		const struct policy_item *app = &declassify->apps.items[i];

		if (app->index != POLICY_INDEX_NONE &&
			!build_is_broken(build, SECTION_LABEL, item->index) &&
			!rule_may_open(policy, table, item->index, app->index))
			problem(build, &app->place, "open-with",
				"[declassify %s] can never apply to app %s: it may not open label "
				"%s, nor be handed its content",
				name, app->text, label->name);
	}
}

static bool is_repeated(const struct policy_list *list, const struct policy_list *other)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].index != POLICY_INDEX_NONE &&
			policy_list_names(other, list->items[i].index))
			return true;
	return false;
}

/* Both would apply, and the event could name one alone. */
static void check_other(struct build *build, const struct policy_declassify *declassify,
	const struct policy_declassify *other)
{
	if (!is_repeated(&declassify->labels, &other->labels) ||
		!is_repeated(&declassify->apps, &other->apps))
		return;
	for (size_t i = 0; i < declassify->paths.count; i++)
		for (size_t j = 0; j < other->paths.count; j++)
			if (is_overlapping(
				    declassify->paths.items[i].text, other->paths.items[j].text))
				problem(build, &declassify->paths.items[i].place, NULL,
					"[declassify %s] says of '%.120s' what [declassify %s] at "
					"%s:%u says already",
					declassify->name, declassify->paths.items[i].text,
					other->name, other->place.file, other->place.line);
}

static void check_cache(struct build *build, const struct policy_cache *cache)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < cache->paths.count; i++)
		for (size_t j = 0; j < policy->label_count; j++)
			if (covering(&policy->labels[j], cache->paths.items[i].text))
				problem(build, &cache->paths.items[i].place, NULL,
					"[cache %s] contradicts label %s, which all below "
					"'%.120s' carries by its place",
					cache->name, policy->labels[j].name,
					cache->paths.items[i].text);
}

void check_exempt(struct build *build)
{
	const struct policy *policy = build->policy;
	struct rule_table table;

	rule_table_fill(policy, &table);
	check_states(build);
	for (size_t i = 0; i < policy->cache_count; i++)
		check_cache(build, &policy->caches[i]);
	for (size_t i = 0; i < policy->declassify_count; i++) {
		const struct policy_declassify *declassify = &policy->declassifys[i];

		for (size_t j = 0; j < declassify->labels.count; j++)
			if (declassify->labels.items[j].index < policy->label_count)
				check_label(
					build, &table, declassify, &declassify->labels.items[j]);
		for (size_t j = 0; j < i; j++)
			check_other(build, declassify, &policy->declassifys[j]);
	}
}
