/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bank: what each action on each channel, open-with and except-app come to as masks.
 */
#include "policy/compile_parts.h"
#include "policy/words.h"

static void mask_action(
	struct hf_bank *bank, unsigned int channel, uint64_t bit, enum policy_action action)
{
	struct hf_channel_masks *masks = &bank->channels[channel];

	switch (action) {
	case POLICY_ACTION_ALLOW:
	case POLICY_ACTION_FOLLOW:
		break;
	case POLICY_ACTION_AUDIT:
		masks->audit |= bit;
		break;
	case POLICY_ACTION_WARN:
		masks->warn |= bit;
		break;
	case POLICY_ACTION_BLOCK:
	case POLICY_ACTION_MAX:
		masks->block |= bit;
		break;
	}
	if (channel == HF_CHANNEL_SCREEN && action == POLICY_ACTION_AUDIT)
		return; /* a record and nothing else */
	/* Only a plain allow sheds the label: an exception or a justified warning does not. */
	if (policy_channel_follows(channel) && action != POLICY_ACTION_ALLOW)
		masks->follow |= bit;
}

static void mask_exceptions(
	struct hf_bank *bank, const struct policy_rule *rule, unsigned int channel, uint64_t bit)
{
	for (size_t i = 0; i < rule->except_apps.count; i++)
		bank->apps[rule->except_apps.items[i].index + 1].except[channel] |= bit;
}

static void mask_open(struct compile *compile, const struct policy_label *label, uint64_t bit)
{
	struct hf_bank *bank = &compile->compiled->bank;

	if (label->open == POLICY_OPEN_ANY)
		for (size_t app = 0; app < HF_APP_MAX; app++)
			bank->apps[app].open |= bit;
	for (size_t i = 0; i < label->open_with.count; i++)
		bank->apps[label->open_with.items[i].index + 1].open |= bit;
}

static void mask_apps(struct compile *compile)
{
	const struct policy *policy = compile->policy;

	for (size_t i = 0; i < policy->app_count; i++) {
		struct hf_app *app = &compile->compiled->bank.apps[i + 1];

		/* Of labels this policy does not know too: a disk check must not fail for an old one. */
		if (policy->apps[i].may_read_raw_disk)
			app->except[HF_CHANNEL_RAWDISK] = UINT64_MAX;
		if (policy->apps[i].is_carrier)
			app->flags |= HF_APP_CARRIER;
		if (policy->apps[i].is_message_bus)
			app->flags |= HF_APP_CARRIER | HF_APP_BUS;
		if (policy->apps[i].is_service_manager)
			app->flags |= HF_APP_CARRIER | HF_APP_MANAGER;
		if (policy->apps[i].is_print_service)
			app->flags |= HF_APP_PRINTS;
		if (policy->apps[i].forgets)
			app->flags |= HF_APP_FORGETS;
	}
}

int compile_masks(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	const struct policy *policy = compile->policy;
	struct hf_bank *bank = &compiled->bank;

	bank->serial = policy->version;
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		if (policy_channel_follows(channel))
			bank->channels[channel].follow = ~compiled->labels;
		else
			bank->channels[channel].block = ~compiled->labels;
	bank->channels[HF_CHANNEL_SCREEN].block = ~compiled->labels;
	for (size_t i = 0; i < policy->label_count; i++) {
		const struct policy_label *label = &policy->labels[i];
		const struct policy_label_entry *entry = &compiled->label[compile->number[i]];

		if (label->is_rehearsed)
			compiled->gates.rehearse |= compile->bit[i];
		if (policy->trust.lease_s && !label->needs_no_lease)
			compiled->leased |= compile->bit[i];
		if (label->is_wiped)
			compiled->wiped |= compile->bit[i];
		if (label->is_view_only)
			compiled->view_only |= compile->bit[i];
		mask_open(compile, label, compile->bit[i]);
		for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
			size_t owner = compile->table.owner[i][channel];

			mask_action(bank, channel, compile->bit[i], entry->origins[channel].action);
			if (owner != RULE_NONE)
				mask_exceptions(
					bank, &policy->rules[owner], channel, compile->bit[i]);
		}
	}
	mask_apps(compile);
	policy_protection_fill(&policy->protection, &compiled->gates);
	compiled->lease_s = policy->trust.lease_s;
	compiled->on_revoke = policy->trust.on_revoke;
	compiled->trust_place = compile_place(compile, policy->trust.place);
	compiled->require = policy->trust.require;
	compiled->require_place = compile_place(compile, policy->trust.require_place);
	compiled->is_self_given = policy->protection.protect[HF_PROTECTION_SELF].is_given;
	return 0;
}
