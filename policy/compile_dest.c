/* SPDX-License-Identifier: Apache-2.0 */
/* Networks that rules except, each with the labels that may go there. */
#include "policy/compile_parts.h"

#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/fold.h"

/* The networks that the label's rule on the channel excepts. */
static const struct policy_list *excepted(
	const struct compile *compile, size_t label, unsigned int channel)
{
	static const struct policy_list none;
	size_t owner = compile->table.owner[label][channel];

	return owner == RULE_NONE ? &none : &compile->policy->rules[owner].except_networks;
}

/* Labels of each network: bits of all labels whose network or print rule excepts it. */
static void network_labels(
	const struct compile *compile, struct fold_sets labels[POLICY_NETWORK_MAX])
{
	for (size_t i = 0; i < compile->policy->label_count; i++) {
		const struct policy_list *list = excepted(compile, i, HF_CHANNEL_NETWORK);

		for (size_t j = 0; j < list->count; j++)
			labels[list->items[j].index].set |= compile->bit[i];
		list = excepted(compile, i, HF_CHANNEL_PRINT);
		for (size_t j = 0; j < list->count; j++)
			labels[list->items[j].index].print |= compile->bit[i];
	}
}

static int sources_fill(
	const struct compile *compile, struct fold_source **ret_sources, size_t *ret_count)
{
	const struct policy *policy = compile->policy;
	struct fold_sets labels[POLICY_NETWORK_MAX] = {0};
	auto_free struct fold_source *sources = NULL;
	size_t count = 0, used = 0;

	network_labels(compile, labels);
	for (size_t i = 0; i < policy->network_count; i++)
		count += labels[i].set | labels[i].print ? policy->networks[i].prefix_count : 0;
	sources = calloc(count + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < policy->network_count; i++) {
		const struct policy_network *network = &policy->networks[i];

		if (!(labels[i].set | labels[i].print))
			continue;
		for (size_t j = 0; j < network->prefix_count; j++)
			sources[used++] = (struct fold_source){
				network, network->prefixes[j], labels[i]};
	}
	*ret_sources = take_ptr(sources);
	*ret_count = count;
	return 0;
}

int compile_dests(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	auto_free struct fold_source *sources = NULL;
	const struct fold_source *crowded;
	char text[POLICY_ADDRESS_TEXT_SIZE];
	size_t count = 0;
	int r;

	r = sources_fill(compile, &sources, &count);
	if (r < 0)
		return r;
	if (count >= HF_DEST_MAX) {
		policy_problems_add(compile->problems, &sources[HF_DEST_MAX - 1].prefix.place, NULL,
			"too many addresses in networks: expected at most %d", HF_DEST_MAX - 1);
		return 0;
	}
	r = fold_prefixes(sources, count, &compiled->dests, &compiled->dest_count, &crowded);
	if (r < 0 || !crowded)
		return r;
	policy_prefix_format(&crowded->prefix, text);
	policy_problems_add(compile->problems, &crowded->network->place,
		"write neighbouring ports as one range",
		"more than %d port ranges for %s, those of enclosing networks counted: expected at "
		"most %d",
		HF_DEST_SLOTS, text, HF_DEST_SLOTS);
	return 0;
}
