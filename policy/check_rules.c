/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules against labels and against each other: contradictions, and what can never fire. Broken
 * references are check.c's and are passed over here.
 */
#include <string.h>

#include "policy/build.h"
#include "policy/rules.h"
#include "policy/words.h"

/* What a labelled reader does: it has to have opened the file first. */
static bool is_reader_channel(unsigned int channel)
{
	return channel == HF_CHANNEL_REMOVABLE || channel == HF_CHANNEL_NETSHARE ||
	       channel == HF_CHANNEL_NETWORK || channel == HF_CHANNEL_LOCAL_FILE ||
	       channel == HF_CHANNEL_PASS || channel == HF_CHANNEL_PRINT;
}

#define problem(build, place, ...) policy_problems_add((build)->problems, (place), __VA_ARGS__)

/* Whether index of a rule's label list is one to check: resolved. */
static bool is_resolved(const struct policy_item *item)
{
	return item->index != POLICY_INDEX_NONE;
}

static bool has_exceptions(const struct policy_rule *rule)
{
	return rule->except_apps.count || rule->except_users.count || rule->except_networks.count ||
	       rule->except_devices.count;
}

static const struct policy_place *first_exception(const struct policy_rule *rule)
{
	if (rule->except_apps.count)
		return &rule->except_apps.items[0].place;
	if (rule->except_users.count)
		return &rule->except_users.items[0].place;
	if (rule->except_networks.count)
		return &rule->except_networks.items[0].place;
	return &rule->except_devices.items[0].place;
}

static bool is_followed_everywhere(const struct policy_rule *rule)
{
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		if (rule->channels & 1U << channel && !policy_channel_follows(channel))
			return false;
	return true;
}

/* What is wrong with a rule by itself. */
static void check_alone(struct build *build, const struct policy_rule *rule)
{
	const uint32_t on_device = 1U << HF_CHANNEL_REMOVABLE | 1U << HF_CHANNEL_RAWDISK;
	const uint32_t on_network = 1U << HF_CHANNEL_NETWORK | 1U << HF_CHANNEL_PRINT;

	if (rule->action == POLICY_ACTION_FOLLOW && !is_followed_everywhere(rule))
		problem(build, &rule->action_place, "give local-file a rule of its own",
			"action follow is for channels local-file, ipc, clipboard and screen "
			"alone: elsewhere nothing can inherit");
	if ((rule->action == POLICY_ACTION_ALLOW || rule->action == POLICY_ACTION_FOLLOW) &&
		has_exceptions(rule))
		problem(build, first_exception(rule), NULL,
			"exceptions to action %s can never apply: it refuses nobody",
			policy_action_name(rule->action));
	if (rule->action == POLICY_ACTION_AUDIT && rule->except_users.count)
		problem(build, &rule->except_users.items[0].place, NULL,
			"except-user can never apply to action audit: it refuses nobody");
	if (rule->action == POLICY_ACTION_ALLOW && rule->channels & 1U << HF_CHANNEL_OPEN)
		problem(build, &rule->action_place, "leave open-with out of the label",
			"action allow on channel open contradicts open-with: expected audit, warn "
			"or block");
	if (rule->except_networks.count && !(rule->channels & on_network))
		problem(build, &rule->except_networks.items[0].place, "channel = network",
			"except-network can never apply: the rule is not for channel network or "
			"print");
	if (rule->except_devices.count && !(rule->channels & on_device))
		problem(build, &rule->except_devices.items[0].place, "channel = removable",
			"except-device can never apply: the rule is not for channel removable or "
			"raw-disk");
	if ((rule->text || rule->link) && rule->action != POLICY_ACTION_WARN &&
		rule->action != POLICY_ACTION_BLOCK)
		problem(build, &rule->place, NULL,
			"text and link of [rule %s] are never shown: action %s refuses nobody",
			rule->name, policy_action_name(rule->action));
}

static void check_view_only(struct build *build, const struct policy_rule *rule,
	const struct policy_label *label, unsigned int channel)
{
	if (!label->is_view_only || channel == HF_CHANNEL_OPEN)
		return;
	if (rule->action != POLICY_ACTION_BLOCK)
		problem(build, &rule->action_place, "block",
			"[label %s] is view-only (%s:%u): %s on channel %s contradicts it",
			label->name, label->place.file, label->place.line,
			policy_action_name(rule->action), policy_channel_name(channel));
	else if (has_exceptions(rule))
		problem(build, first_exception(rule), NULL,
			"[label %s] is view-only (%s:%u): it has no exceptions on channel %s",
			label->name, label->place.file, label->place.line,
			policy_channel_name(channel));
}

/* Any program may have the label, so nobody is ever judged for opening or receiving it. */
static bool is_never_judged(const struct policy_label *label, unsigned int channel)
{
	return label->open == POLICY_OPEN_ANY &&
	       (channel == HF_CHANNEL_OPEN || channel == HF_CHANNEL_DESCRIPTOR);
}

static void check_named(
	struct build *build, const struct rule_table *table, size_t index, unsigned int channel)
{
	const struct policy *policy = build->policy;
	const struct policy_rule *rule = &policy->rules[index], *other;

	for (size_t i = 0; i < rule->labels.count; i++) {
		const struct policy_item *item = &rule->labels.items[i];
		const struct policy_label *label;

		if (!is_resolved(item) || item->index == POLICY_INDEX_ALL ||
			build_is_broken(build, SECTION_LABEL, item->index))
			continue;
		label = &policy->labels[item->index];
		check_view_only(build, rule, label, channel);
		if (is_never_judged(label, channel))
			problem(build, &rule->channel_places[channel], "open-with",
				"[rule %s] can never fire for label %s on channel %s: the label "
				"has no"
				" open-with, any application may open it",
				rule->name, label->name, policy_channel_name(channel));
		if (table->owner[item->index][channel] == index)
			continue;
		other = &policy->rules[table->owner[item->index][channel]];
		if (other->action == rule->action)
			problem(build, &item->place, NULL,
				"[rule %s] can never fire for label %s on channel %s: [rule %s] at"
				" %s:%u decides already",
				rule->name, label->name, policy_channel_name(channel), other->name,
				other->place.file, other->place.line);
		else
			problem(build, &item->place, NULL,
				"[rule %s] says %s for label %s on channel %s, [rule %s] at %s:%u "
				"says"
				" %s: expected one of them",
				rule->name, policy_action_name(rule->action), label->name,
				policy_channel_name(channel), other->name, other->place.file,
				other->place.line, policy_action_name(other->action));
	}
}

static void check_star(
	struct build *build, const struct rule_table *table, size_t index, unsigned int channel)
{
	const struct policy *policy = build->policy;
	const struct policy_rule *rule = &policy->rules[index], *other;
	size_t first = table->star[channel];

	if (first != index) {
		other = &policy->rules[first];
		problem(build, &rule->labels.items[0].place, NULL,
			"[rule %s] is for all labels on channel %s, as is [rule %s] at %s:%u (%s): "
			"expected"
			" one such rule",
			rule->name, policy_channel_name(channel), other->name, other->place.file,
			other->place.line, policy_action_name(other->action));
		return;
	}
	for (size_t i = 0; i < policy->label_count; i++)
		if (table->owner[i][channel] == index)
			return;
	if (build_is_broken(build, SECTION_LABEL, POLICY_INDEX_ALL))
		return;
	problem(build, &rule->channel_places[channel], NULL,
		"[rule %s] can never fire on channel %s: no label is left for '*' (each has a rule "
		"of"
		" its own, is view-only, or any application may open it)",
		rule->name, policy_channel_name(channel));
}

/* Whether the exception for app changes anything for one label the rule decides. */
static bool is_of_use(
	const struct policy *policy, const struct rule_table *table, size_t index, size_t app)
{
	for (size_t label = 0; label < policy->label_count; label++) {
		bool is_opener = policy_list_names(&policy->labels[label].open_with, app);

		for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
			if (table->owner[label][channel] != index)
				continue;
			if (is_reader_channel(channel) && !rule_may_open(policy, table, label, app))
				continue;
			if ((channel == HF_CHANNEL_OPEN || channel == HF_CHANNEL_DESCRIPTOR) &&
				is_opener)
				continue;
			if (channel == HF_CHANNEL_RAWDISK && policy->apps[app].may_read_raw_disk)
				continue;
			return true;
		}
	}
	return false;
}

static void check_except_apps(struct build *build, const struct rule_table *table, size_t index)
{
	const struct policy_rule *rule = &build->policy->rules[index];

	if (build_is_broken(build, SECTION_RULE, index) ||
		build_is_broken(build, SECTION_LABEL, POLICY_INDEX_ALL))
		return;
	for (size_t i = 0; i < rule->except_apps.count; i++) {
		const struct policy_item *item = &rule->except_apps.items[i];

		if (is_resolved(item) && !is_of_use(build->policy, table, index, item->index))
			problem(build, &item->place, "open-with",
				"except-app %s can never apply: it may not open these labels, or "
				"may"
				" do this without",
				item->text);
	}
}

/* Content that nobody may open has no reader that could carry it anywhere. */
static void check_openable(
	struct build *build, const struct rule_table *table, size_t index, unsigned int channel)
{
	const struct policy *policy = build->policy;
	const struct policy_rule *rule = &policy->rules[index];
	bool any = false;

	if (!is_reader_channel(channel))
		return;
	for (size_t label = 0; label < policy->label_count; label++) {
		if (table->owner[label][channel] != index)
			continue;
		any = true;
		if (rule_may_open(policy, table, label, POLICY_INDEX_ALL))
			return;
	}
	if (any && !build_is_broken(build, SECTION_LABEL, POLICY_INDEX_ALL))
		problem(build, &rule->channel_places[channel], NULL,
			"[rule %s] can never fire on channel %s: no application may open its "
			"labels",
			rule->name, policy_channel_name(channel));
}

static void check_rule(struct build *build, const struct rule_table *table, size_t index)
{
	const struct policy_rule *rule = &build->policy->rules[index];
	bool is_whole = rule->labels.count && rule->action_place.line;

	if (!is_whole || build_is_broken(build, SECTION_RULE, index))
		return; /* reported by the parser */
	check_alone(build, rule);
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
		if (!(rule->channels & 1U << channel))
			continue;
		if (rule->is_for_all_labels)
			check_star(build, table, index, channel);
		else
			check_named(build, table, index, channel);
		check_openable(build, table, index, channel);
	}
}

void check_rules(struct build *build)
{
	struct policy *policy = build->policy;
	struct rule_table table;

	for (size_t i = 0; i < policy->rule_count; i++) {
		struct policy_rule *rule = &policy->rules[i];

		for (size_t j = 0; j < rule->labels.count; j++)
			rule->is_for_all_labels |= rule->labels.items[j].index == POLICY_INDEX_ALL;
	}
	rule_table_fill(policy, &table);
	for (size_t i = 0; i < policy->rule_count; i++) {
		check_rule(build, &table, i);
		check_except_apps(build, &table, i);
	}
}
