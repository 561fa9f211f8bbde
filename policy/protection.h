/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [protection]: what becomes of attempts on the agent and on the machine below it. The words, and
 * what holds where a policy says nothing.
 */
#ifndef HOLDFAST_POLICY_PROTECTION_H
#define HOLDFAST_POLICY_PROTECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/decisions.h"
#include "policy/problem.h"

#define POLICY_CLOCK_TOLERANCE_S     60
#define POLICY_CLOCK_TOLERANCE_MAX_S 86400

struct policy_protect {
	bool is_given;
	uint8_t action; /* enum hf_verdict: allow, audit, block */
};

struct policy_protection {
	struct policy_protect protect[HF_PROTECTION_MAX];
	bool has_clock_tolerance;
	uint32_t clock_tolerance_s;
	struct policy_place place; /* line 0 = no such section */
};

/* The key's name, or NULL for a number that is none. */
const char *policy_protection_name(unsigned int protection);

/* What a policy comes to: its keys, and audit for each it does not name. */
void policy_protection_fill(const struct policy_protection *protection, struct hf_gates *gates);

#endif
