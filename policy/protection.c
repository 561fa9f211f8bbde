/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/protection.h"

#include <stddef.h>

static const char *const names[HF_PROTECTION_MAX] = {
	[HF_PROTECTION_SELF] = "self",
	[HF_PROTECTION_MODULES] = "modules",
	[HF_PROTECTION_KEXEC] = "kexec",
	[HF_PROTECTION_DISK] = "raw-disk",
	[HF_PROTECTION_CLOCK] = "clock",
	[HF_PROTECTION_TRACING] = "tracing",
	[HF_PROTECTION_BPF] = "bpf",
	[HF_PROTECTION_SWAP] = "swap",
};

const char *policy_protection_name(unsigned int protection)
{
	return protection < HF_PROTECTION_MAX ? names[protection] : NULL;
}

void policy_protection_fill(const struct policy_protection *protection, struct hf_gates *gates)
{
	for (unsigned int i = 0; i < HF_PROTECTION_MAX; i++)
		gates->protect[i] = protection->protect[i].is_given ? protection->protect[i].action
								    : HF_VERDICT_AUDIT;
	gates->clock_tolerance_s = protection->has_clock_tolerance ? protection->clock_tolerance_s
								   : POLICY_CLOCK_TOLERANCE_S;
}
