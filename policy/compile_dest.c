/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks that rules except, as the kernel looks them up: the longest prefix alone answers, so
 * what enclosing prefixes allow is folded into each.
 */
#include "policy/compile_parts.h"

#include <errno.h>
#include <string.h>

#include "policy/address.h"

#define PORT_LAST 65535
#define MAPPED	  96 /* bits of ::ffff:0:0, where IPv4 lives */

/* Labels by the channel whose rule excepts the place. */
struct dest_labels {
	uint64_t network;
	uint64_t print;
};

/* One address of one network that a rule excepts, with the labels that may go there. */
struct source {
	const struct policy_network *network;
	const struct policy_prefix *prefix;
	struct dest_labels labels;
};

struct slots {
	struct policy_port_range ports[2 * HF_DEST_SLOTS];
	struct dest_labels allow[2 * HF_DEST_SLOTS];
	size_t count; /* past HF_DEST_SLOTS = too many */
};

static void slot_remove(struct slots *slots, size_t index)
{
	slots->count--;
	slots->ports[index] = slots->ports[slots->count];
	slots->allow[index] = slots->allow[slots->count];
}

/* Whether outer says all that inner says. */
static bool is_within(const struct slots *slots, size_t inner, size_t outer)
{
	return slots->ports[outer].first <= slots->ports[inner].first &&
	       slots->ports[outer].last >= slots->ports[inner].last &&
	       !(slots->allow[inner].network & ~slots->allow[outer].network) &&
	       !(slots->allow[inner].print & ~slots->allow[outer].print);
}

static void slot_add(struct slots *slots, struct policy_port_range ports, struct dest_labels allow)
{
	size_t added;

	if (slots->count >= 2 * HF_DEST_SLOTS)
		return; /* too many already, and reported */
	for (size_t i = 0; i < slots->count; i++)
		if (slots->ports[i].first == ports.first && slots->ports[i].last == ports.last) {
			slots->allow[i].network |= allow.network;
			slots->allow[i].print |= allow.print;
			return;
		}
	added = slots->count++;
	slots->ports[added] = ports;
	slots->allow[added] = allow;
}

static void slots_tidy(struct slots *slots)
{
	for (size_t i = 0; i < slots->count;) {
		bool is_redundant = false;

		for (size_t j = 0; j < slots->count && !is_redundant; j++)
			is_redundant = i != j && is_within(slots, i, j);
		if (is_redundant)
			slot_remove(slots, i);
		else
			i++;
	}
}

static void slots_add_network(struct slots *slots, const struct source *source)
{
	const struct policy_network *network = source->network;

	if (!network->port_count)
		slot_add(slots, (struct policy_port_range){0, PORT_LAST}, source->labels);
	for (size_t i = 0; i < network->port_count; i++) {
		slot_add(slots, network->ports[i], source->labels);
		if (slots->count > HF_DEST_SLOTS)
			slots_tidy(slots);
	}
}

/*
 * One prefix, with what all sources that contain it allow. The last of them has this very prefix,
 * or there are none.
 */
static int dest_add(struct compile *compile, const struct policy_prefix *prefix,
	const struct source *const *enclosing, size_t count)
{
	struct policy_compiled *compiled = compile->compiled;
	struct slots slots = {0};
	struct policy_dest *dest;
	char text[POLICY_ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		slots_add_network(&slots, enclosing[i]);
	slots_tidy(&slots);
	if (slots.count > HF_DEST_SLOTS) {
		policy_prefix_format(prefix, text);
		policy_problems_add(compile->problems, &enclosing[count - 1]->network->place,
			"write neighbouring ports as one range",
			"more than %d port ranges for %s, those of enclosing networks counted: "
			"expected"
			" at most %d",
			HF_DEST_SLOTS, text, HF_DEST_SLOTS);
		return 0;
	}
	dest = compile_grow(&compiled->dests, &compiled->dest_count, sizeof(*dest));
	if (!dest)
		return -ENOMEM;
	dest->key.prefixlen = prefix->prefix_bits;
	memcpy(dest->key.address, prefix->address, sizeof(dest->key.address));
	for (size_t i = 0; i < HF_DEST_SLOTS; i++) {
		/* An unused slot allows nothing, on whatever port. */
		dest->dest.allow[i] = i < slots.count ? slots.allow[i].network : 0;
		dest->dest.allow_print[i] = i < slots.count ? slots.allow[i].print : 0;
		dest->dest.port_first[i] = i < slots.count ? slots.ports[i].first : 0;
		dest->dest.port_last[i] = i < slots.count ? slots.ports[i].last : 0;
	}
	return 0;
}

static bool is_same_prefix(const struct policy_prefix *a, const struct policy_prefix *b)
{
	return a->prefix_bits == b->prefix_bits &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

/* IPv4 first, then by address, wider ones first: what contains a prefix stands before it. */
static int source_compare(const void *a, const void *b)
{
	const struct policy_prefix *left = ((const struct source *)a)->prefix;
	const struct policy_prefix *right = ((const struct source *)b)->prefix;
	bool left_is_ipv4 = policy_prefix_is_ipv4(left);
	int order;

	if (left_is_ipv4 != policy_prefix_is_ipv4(right))
		return left_is_ipv4 ? -1 : 1;
	order = memcmp(left->address, right->address, sizeof(left->address));
	if (order)
		return order;
	if (left->prefix_bits != right->prefix_bits)
		return left->prefix_bits < right->prefix_bits ? -1 : 1;
	/* The same: in the order of the policy, so that the same policy compiles to the same. */
	if (left->place.file_order != right->place.file_order)
		return left->place.file_order < right->place.file_order ? -1 : 1;
	return left->place.line < right->place.line ? -1 : left->place.line > right->place.line;
}

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
	const struct compile *compile, struct dest_labels labels[POLICY_NETWORK_MAX])
{
	for (size_t i = 0; i < compile->policy->label_count; i++) {
		const struct policy_list *list = excepted(compile, i, HF_CHANNEL_NETWORK);

		for (size_t j = 0; j < list->count; j++)
			labels[list->items[j].index].network |= compile->bit[i];
		list = excepted(compile, i, HF_CHANNEL_PRINT);
		for (size_t j = 0; j < list->count; j++)
			labels[list->items[j].index].print |= compile->bit[i];
	}
}

static int sources_fill(
	const struct compile *compile, struct source **ret_sources, size_t *ret_count)
{
	const struct policy *policy = compile->policy;
	struct dest_labels labels[POLICY_NETWORK_MAX] = {0};
	auto_free struct source *sources = NULL;
	size_t count = 0, used = 0;

	network_labels(compile, labels);
	for (size_t i = 0; i < policy->network_count; i++)
		count += labels[i].network | labels[i].print ? policy->networks[i].prefix_count : 0;
	sources = calloc(count + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < policy->network_count; i++) {
		const struct policy_network *network = &policy->networks[i];

		if (!(labels[i].network | labels[i].print))
			continue;
		for (size_t j = 0; j < network->prefix_count; j++)
			sources[used++] = (struct source){
				network, &network->prefixes[j], labels[i]};
	}
	qsort(sources, count, sizeof(*sources), source_compare);
	*ret_sources = take_ptr(sources);
	*ret_count = count;
	return 0;
}

/*
 * A short IPv6 prefix such as ::/0 would catch IPv4 addresses as well, which the kernel keeps below
 * ::ffff:0:0/96. An entry of that prefix stops it, with what IPv4 networks allow there: nothing,
 * unless 0.0.0.0/0 is among them, and then it has its entry already.
 */
static int guard_ipv4(struct compile *compile, const struct source *sources, size_t count)
{
	struct policy_prefix ipv4 = {.address = {[10] = 0xff, [11] = 0xff}, .prefix_bits = MAPPED};

	/* Sorted first when it is there. */
	if (!count || is_same_prefix(sources[0].prefix, &ipv4))
		return 0;
	return dest_add(compile, &ipv4, NULL, 0);
}

static int compile_sorted(struct compile *compile, const struct source *sources, size_t count)
{
	auto_free const struct source **enclosing = calloc(count + 1, sizeof(*enclosing));
	size_t depth = 0;
	int r;

	if (!enclosing)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct policy_prefix *prefix = sources[i].prefix;

		while (depth && !policy_prefix_contains(enclosing[depth - 1]->prefix, prefix))
			depth--;
		enclosing[depth++] = &sources[i];
		if (i + 1 < count && is_same_prefix(prefix, sources[i + 1].prefix))
			continue;
		r = dest_add(compile, prefix, enclosing, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

int compile_dests(struct compile *compile)
{
	auto_free struct source *sources = NULL;
	size_t count = 0;
	int r;

	r = sources_fill(compile, &sources, &count);
	if (r < 0)
		return r;
	if (count >= HF_DEST_MAX) {
		policy_problems_add(compile->problems, &sources[HF_DEST_MAX - 1].prefix->place,
			NULL, "too many addresses in networks: expected at most %d",
			HF_DEST_MAX - 1);
		return 0;
	}
	r = compile_sorted(compile, sources, count);
	if (r < 0)
		return r;
	return guard_ipv4(compile, sources, count);
}
