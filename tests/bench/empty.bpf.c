// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * A program that does nothing on every hook that Holdfast uses: what the kernel itself takes for
 * being asked (trampoline, enter, exit). The list is made from bpf/ (rules.mk), as HOOK(section,
 * number).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define HOOK(section, number)             \
	SEC(section)                      \
	int empty_##number(void *context) \
	{                                 \
		return 0;                 \
	}

#include "bench/hooks.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
