/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include "policy/words.h"

static void claim(const struct policy *policy, size_t index, size_t label, struct rule_table *table)
{
	const struct policy_rule *rule = &policy->rules[index];

	if (label >= policy->label_count)
		return; /* a reference that does not resolve */
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		if (rule->channels & 1U << channel && table->owner[label][channel] == RULE_NONE)
			table->owner[label][channel] = index;
}

static bool is_left_to_star(const struct policy_label *label, unsigned int channel)
{
	if (channel != HF_CHANNEL_OPEN && label->is_view_only)
		return false;
	return label->open != POLICY_OPEN_ANY ||
	       (channel != HF_CHANNEL_OPEN && channel != HF_CHANNEL_DESCRIPTOR);
}

static void claim_rest(const struct policy *policy, unsigned int channel, struct rule_table *table)
{
	for (size_t label = 0; label < policy->label_count; label++)
		if (table->owner[label][channel] == RULE_NONE &&
			is_left_to_star(&policy->labels[label], channel))
			table->owner[label][channel] = table->star[channel];
}

void rule_table_fill(const struct policy *policy, struct rule_table *ret_table)
{
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
		ret_table->star[channel] = RULE_NONE;
		for (size_t label = 0; label < POLICY_LABEL_MAX; label++)
			ret_table->owner[label][channel] = RULE_NONE;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (!rule->is_for_all_labels)
			for (size_t j = 0; j < rule->labels.count; j++)
				claim(policy, i, rule->labels.items[j].index, ret_table);
		else
			for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
				if (rule->channels & 1U << channel &&
					ret_table->star[channel] == RULE_NONE)
					ret_table->star[channel] = i;
	}
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		claim_rest(policy, channel, ret_table);
}

bool policy_list_names(const struct policy_list *list, size_t index)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].index == index)
			return true;
	return false;
}

bool rule_may_open(
	const struct policy *policy, const struct rule_table *table, size_t label, size_t app)
{
	size_t owner = table->owner[label][HF_CHANNEL_OPEN];
	const struct policy_rule *rule;

	if (policy->labels[label].open == POLICY_OPEN_ANY)
		return true;
	if (app != POLICY_INDEX_ALL && policy_list_names(&policy->labels[label].open_with, app))
		return true;
	if (app == POLICY_INDEX_ALL && policy->labels[label].open_with.count)
		return true;
	if (owner == RULE_NONE)
		return false;
	rule = &policy->rules[owner];
	if (rule->action != POLICY_ACTION_BLOCK || rule->except_users.count)
		return true;
	if (app == POLICY_INDEX_ALL)
		return rule->except_apps.count;
	return policy_list_names(&rule->except_apps, app);
}

enum policy_action rule_action(const struct policy *policy, const struct rule_table *table,
	size_t label, unsigned int channel)
{
	size_t owner = table->owner[label][channel];

	if (owner != RULE_NONE)
		return policy->rules[owner].action;
	if (policy_channel_follows(channel) && channel != HF_CHANNEL_SCREEN &&
		!policy->labels[label].is_view_only)
		return POLICY_ACTION_FOLLOW;
	return POLICY_ACTION_BLOCK;
}
