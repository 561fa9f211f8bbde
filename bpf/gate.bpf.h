/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * State gates: what must hold of the machine, its network and its user before labelled content is
 * read, whatever the policy's masks say.
 */
#ifndef HOLDFAST_BPF_GATE_H
#define HOLDFAST_BPF_GATE_H

#include "maps.bpf.h"

static __always_inline bool is_gate(__u8 reason)
{
	return reason == HF_REASON_GATE || reason == HF_REASON_LEASE ||
	       reason == HF_REASON_VERIFY || reason == HF_REASON_ZONE || reason == HF_REASON_VAULT;
}

/* Of labels, those that current's user has not verified for. */
static __always_inline __u64 gate_unverified(__u64 labels)
{
	__u32 uid = (__u32)bpf_get_current_uid_gid();
	struct hf_verified *verified;
	__u64 now;

	if (!labels)
		return 0;
	verified = bpf_map_lookup_elem(&hf_verified, &uid);
	if (!verified)
		return labels;
	now = bpf_ktime_get_boot_ns();
	for (int i = 0; i < HF_VERIFY_SLOTS; i++)
		if (verified->until_ktime_ns[i] >= now)
			labels &= ~verified->labels[i];
	return labels;
}

/*
 * Of labels, those that are shut by what is known of the machine; *ret_reason: the first such gate.
 * These end the reading of what is open as well.
 */
static __always_inline __u64 gate_of_machine(__u64 labels, __u8 *ret_reason)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	__u64 shut;

	*ret_reason = HF_REASON_GATE;
	if (!gates)
		return 0;
	shut = labels & gates->shut;
	if (shut)
		return shut;
	shut = labels & gates->state.leased;
	*ret_reason = HF_REASON_LEASE;
	if (shut && bpf_ktime_get_boot_ns() > gates->state.lease_until_ns)
		return shut;
	*ret_reason = HF_REASON_ZONE;
	return labels & gates->state.out_of_zone;
}

/* The same, and what current's user has not verified for: of what is opened or handed over. */
static __always_inline __u64 gate_shut(__u64 labels, __u8 *ret_reason)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	__u64 shut = gate_of_machine(labels, ret_reason);

	if (shut || !gates)
		return shut;
	*ret_reason = HF_REASON_VERIFY;
	return gate_unverified(labels & gates->state.verified);
}

#endif
