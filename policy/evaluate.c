/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/evaluate.h"

#include <string.h>

#include "policy/words.h"

static bool is_in_prefix(const struct hf_dest_key *key, const uint8_t address[16])
{
	uint32_t whole = key->prefixlen / 8, rest = key->prefixlen % 8;
	unsigned int differing;

	if (memcmp(key->address, address, whole))
		return false;
	if (!rest)
		return true;
	differing = (unsigned int)(key->address[whole] ^ address[whole]);
	return !(differing >> (8 - rest));
}

static const struct policy_dest *longest_of(
	const struct policy_compiled *compiled, const uint8_t address[16])
{
	const struct policy_dest *longest = NULL;

	for (size_t i = 0; i < compiled->dest_count; i++) {
		const struct policy_dest *dest = &compiled->dests[i];

		if (is_in_prefix(&dest->key, address) &&
			(!longest || dest->key.prefixlen > longest->key.prefixlen))
			longest = dest;
	}
	return longest;
}

uint64_t policy_dest_allow(const struct policy_compiled *compiled, const struct policy_act *act)
{
	const struct policy_dest *longest;
	uint64_t allow = 0;

	if (!act->has_destination)
		return 0;
	if (act->channel != HF_CHANNEL_NETWORK && act->channel != HF_CHANNEL_PRINT)
		return 0;
	longest = longest_of(compiled, act->address);
	for (size_t i = 0; longest && i < HF_DEST_SLOTS; i++)
		if (act->port >= longest->dest.port_first[i] &&
			act->port <= longest->dest.port_last[i])
			allow |= act->channel == HF_CHANNEL_PRINT ? longest->dest.allow_print[i]
								  : longest->dest.allow[i];
	return allow;
}

bool policy_port_is_print(uint16_t port)
{
	return port == 515 || port == 631 || (port >= 9100 && port <= 9102);
}

uint64_t policy_granted(const struct policy_compiled *compiled, uint32_t uid, unsigned int channel)
{
	for (size_t i = 0; i < compiled->grant_count; i++)
		if (compiled->grants[i].key.uid == uid &&
			compiled->grants[i].key.channel == channel)
			return compiled->grants[i].grant.labels;
	return 0;
}

/* concerned() of bpf/judge.bpf.h: labels the policy has something to say about. */
static uint64_t concerned(const struct policy_compiled *compiled, const struct policy_act *act)
{
	const struct hf_app *app = &compiled->bank.apps[act->app];
	uint64_t labels = act->labels & ~act->allow & ~app->except[act->channel];

	labels &= ~policy_dest_allow(compiled, act);
	if (act->channel == HF_CHANNEL_OPEN || act->channel == HF_CHANNEL_DESCRIPTOR ||
		act->channel == HF_CHANNEL_CLIPBOARD)
		labels &= ~app->open;
	return labels;
}

/* screen_judge_once() of bpf/screen.bpf.h, as far as it takes no rule: within their hours. */
static bool is_capture_settled(const struct policy_compiled *compiled, const struct policy_act *act,
	struct policy_decision *ret_decision)
{
	if (compiled->bank.apps[act->app].flags & HF_APP_CAPTURES)
		return true;
	if (!(compiled->bank.screen & HF_SCREEN_ALWAYS))
		return false;
	ret_decision->verdict = HF_VERDICT_BLOCK;
	ret_decision->decided = act->labels;
	return true;
}

void policy_evaluate(const struct policy_compiled *compiled, const struct policy_act *act,
	struct policy_decision *ret_decision)
{
	uint64_t labels, block, warn, audit, refused, rehearse = compiled->gates.rehearse;
	const struct hf_channel_masks *masks;

	*ret_decision = (struct policy_decision){0};
	if (act->channel >= HF_CHANNEL_MAX || act->app >= HF_APP_MAX) {
		ret_decision->verdict = act->labels ? HF_VERDICT_BLOCK : HF_VERDICT_ALLOW;
		ret_decision->decided = act->labels;
		return;
	}
	if (act->channel == HF_CHANNEL_SCREEN && is_capture_settled(compiled, act, ret_decision))
		return;
	masks = &compiled->bank.channels[act->channel];
	labels = concerned(compiled, act);
	refused = labels & (masks->block | masks->warn);
	audit = (labels & masks->audit) | (refused & rehearse);
	block = labels & masks->block & ~rehearse;
	warn = labels & masks->warn & ~rehearse;
	ret_decision->rehearsed = refused & rehearse;
	if (block | warn) {
		uint64_t pardon = policy_granted(compiled, act->uid, act->channel);

		/* What a grant pardons leaves a record, as in the kernel. */
		block &= ~pardon;
		warn &= ~pardon;
	} else if (!audit) {
		labels = 0;
	}
	if (block) {
		ret_decision->verdict = HF_VERDICT_BLOCK;
		ret_decision->decided = block;
	} else if (warn) {
		ret_decision->verdict = HF_VERDICT_WARN;
		ret_decision->decided = warn;
	} else if (labels) {
		ret_decision->verdict = HF_VERDICT_AUDIT;
		ret_decision->decided = audit ? audit : labels;
	}
	if (ret_decision->verdict < HF_VERDICT_WARN && policy_channel_follows(act->channel))
		ret_decision->follow = act->labels & masks->follow;
}

static int severity(const struct policy_origin *origin)
{
	return origin->action == POLICY_ACTION_FOLLOW ? HF_VERDICT_ALLOW : (int)origin->action;
}

const struct policy_origin *policy_rule_for(const struct policy_compiled *compiled,
	unsigned int channel, uint64_t decided, unsigned int *ret_bit)
{
	const struct policy_origin *strictest = NULL;

	if (channel >= HF_CHANNEL_MAX)
		return NULL;
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++) {
		const struct policy_label_entry *label = &compiled->label[bit];
		const struct policy_origin *origin = &label->origins[channel];

		if (!(decided & UINT64_C(1) << bit) || !label->name)
			continue;
		if (strictest && severity(origin) <= severity(strictest))
			continue;
		strictest = origin;
		if (ret_bit)
			*ret_bit = bit;
	}
	return strictest;
}
