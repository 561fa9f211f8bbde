/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one place where masks become a verdict. policy/evaluate.c takes the same decision in user
 * space; tests/vm holds the two against each other.
 */
#ifndef HOLDFAST_BPF_JUDGE_H
#define HOLDFAST_BPF_JUDGE_H

#include "gate.bpf.h"
#include "report.bpf.h"

/* Labels that the grants in the slots from first to (not with) end let current's user take through. */
static __always_inline __u64 granted(__u8 channel, __u16 first, __u16 end)
{
	struct hf_grant_key key = {
		.uid = (__u32)bpf_get_current_uid_gid(),
		.channel = channel,
	};
	__u64 now = bpf_ktime_get_boot_ns(), labels = 0;

	for (__u16 slot = first; slot < end; slot++) {
		struct hf_grant *grant;

		key.slot = slot;
		grant = bpf_map_lookup_elem(&hf_grants, &key);
		if (grant && grant->until_ktime_ns >= now)
			labels |= grant->labels;
	}
	return labels;
}

/* Which of act->labels the policy has something to say about, for this application and user. */
static __always_inline __u64 concerned(struct hf_bank *bank, const struct act *act)
{
	struct hf_task *self = task_current();
	__u32 app = self ? self->app & (HF_APP_MAX - 1) : HF_APP_UNKNOWN;
	__u64 labels = act->labels & ~act->allow;

	labels &= ~bank->apps[app].except[act->channel & (HF_CHANNEL_MAX - 1)];
	if (act->channel == HF_CHANNEL_OPEN || act->channel == HF_CHANNEL_DESCRIPTOR ||
		act->channel == HF_CHANNEL_CLIPBOARD)
		labels &= ~bank->apps[app].open;
	return labels;
}

VERIFIED_ONCE int judge_once(struct act *act)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	struct hf_bank *bank = bank_get();
	struct hf_channel_masks *masks;
	__u64 labels, block, warn = 0, audit = 0, rehearse;

	if (!act)
		return -EPERM;
	labels = block = act->labels;
	if (bank && bank->serial && act->reason == HF_REASON_RULE) {
		labels = concerned(bank, act);
		masks = &bank->channels[act->channel & (HF_CHANNEL_MAX - 1)];
		block = labels & masks->block;
		warn = labels & masks->warn;
		audit = labels & masks->audit;
	}
	if (!(block | warn | audit))
		return 0;
	rehearse = gates ? gates->rehearse : 0;
	if (act->operation == HF_OPERATION_TAKEN)
		rehearse = ~0ull; /* never block where only audit is true */
	audit |= (block | warn) & rehearse;
	block &= ~rehearse;
	warn &= ~rehearse;
	if ((block | warn) && !is_gate(act->reason)) {
		__u64 standing = granted(act->channel, HF_GRANT_STANDING, HF_GRANT_STANDING + 1);

		block &= ~standing;
		warn &= ~standing;
	}
	/* A reason answers a warning; it opens nothing that a later policy blocks. */
	if (warn)
		warn &= ~granted(act->channel, HF_GRANT_STANDING + 1, HF_GRANT_SLOTS);
	if (block) {
		act->verdict = HF_VERDICT_BLOCK;
		act->decided = block;
	} else if (warn) {
		act->verdict = HF_VERDICT_WARN;
		act->decided = warn;
	} else {
		act->verdict = HF_VERDICT_AUDIT;
		act->decided = audit ? audit : labels;
	}
	count(act->verdict == HF_VERDICT_AUDIT ? HF_COUNTER_AUDITED : HF_COUNTER_REFUSED);
	report(act, HF_RECORD_VERDICT);
	return act->verdict == HF_VERDICT_AUDIT ? 0 : -EPERM;
}

/*
 * Takes the verdict on act, records it, and returns what the hook returns: 0 or -EPERM.
 * Without a policy, or for a reason that is no rule, it is block.
 */
static __always_inline int judge(struct act *act)
{
	return refusal(judge_once(act));
}

#endif
