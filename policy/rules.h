/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to policy/: which rule decides for each label on each channel. One answer for the checks
 * and for the compiler.
 */
#ifndef HOLDFAST_POLICY_RULES_H
#define HOLDFAST_POLICY_RULES_H

#include "policy/policy.h"

#define RULE_NONE SIZE_MAX /* the built-in default decides */

struct rule_table {
	size_t owner[POLICY_LABEL_MAX][HF_CHANNEL_MAX]; /* index of a rule, or RULE_NONE */
	size_t star[HF_CHANNEL_MAX]; /* the first rule for all labels on the channel */
};

/*
 * The first rule that names a label has it; then the first for '*', except where '*' has nothing
 * to say: view-only labels, and opening what any application may open.
 */
void rule_table_fill(const struct policy *policy, struct rule_table *ret_table);

/* Whether list has an item that stands for the thing at index. */
bool policy_list_names(const struct policy_list *list, size_t index);

/* Whether app (POLICY_INDEX_ALL: any) may come to hold content of the label by opening it. */
bool rule_may_open(
	const struct policy *policy, const struct rule_table *table, size_t label, size_t app);

/* What happens to a label on a channel, by a rule or built in. */
enum policy_action rule_action(const struct policy *policy, const struct rule_table *table,
	size_t label, unsigned int channel);

#endif
