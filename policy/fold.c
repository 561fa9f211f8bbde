/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fold.h"

#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/compile_parts.h"

#define PORT_LAST 65535
#define MAPPED	  96 /* bits of ::ffff:0:0, where IPv4 lives */

struct slots {
	struct policy_port_range ports[2 * HF_DEST_SLOTS];
	struct fold_sets sets[2 * HF_DEST_SLOTS];
	size_t count; /* past HF_DEST_SLOTS = too many */
};

/* Entries under way. */
struct fold {
	struct policy_dest *dests;
	size_t count;
	const struct fold_source *crowded;
};

static void slot_remove(struct slots *slots, size_t index)
{
	slots->count--;
	slots->ports[index] = slots->ports[slots->count];
	slots->sets[index] = slots->sets[slots->count];
}

/* Whether outer says all that inner says. */
static bool is_within(const struct slots *slots, size_t inner, size_t outer)
{
	return slots->ports[outer].first <= slots->ports[inner].first &&
	       slots->ports[outer].last >= slots->ports[inner].last &&
	       !(slots->sets[inner].set & ~slots->sets[outer].set) &&
	       !(slots->sets[inner].print & ~slots->sets[outer].print);
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

/* The rest of the entry's slots say nothing more. */
static void slots_crowd(struct slots *slots, struct fold_sets more)
{
	for (size_t i = 0; i < slots->count; i++) {
		more.set |= slots->sets[i].set;
		more.print |= slots->sets[i].print;
	}
	slots->ports[0] = (struct policy_port_range){0, PORT_LAST};
	slots->sets[0] = more;
	slots->count = 1;
}

/* False when there was no room. */
static bool slot_add(struct slots *slots, struct policy_port_range ports, struct fold_sets sets)
{
	size_t added;

	for (size_t i = 0; i < slots->count; i++)
		if (slots->ports[i].first == ports.first && slots->ports[i].last == ports.last) {
			slots->sets[i].set |= sets.set;
			slots->sets[i].print |= sets.print;
			return true;
		}
	if (slots->count >= 2 * HF_DEST_SLOTS) {
		slots_crowd(slots, sets);
		return false;
	}
	added = slots->count++;
	slots->ports[added] = ports;
	slots->sets[added] = sets;
	return true;
}

static bool slots_add_source(struct slots *slots, const struct fold_source *source)
{
	const struct policy_network *network = source->network;
	bool has_room = true;

	if (!network->port_count)
		return slot_add(slots, (struct policy_port_range){0, PORT_LAST}, source->sets);
	for (size_t i = 0; i < network->port_count; i++) {
		has_room &= slot_add(slots, network->ports[i], source->sets);
		if (slots->count > HF_DEST_SLOTS)
			slots_tidy(slots);
	}
	return has_room;
}

/*
 * One prefix, with what all sources that contain it say. The last of them has this very prefix, or
 * there are none.
 */
static int dest_add(struct fold *fold, const struct policy_prefix *prefix,
	const struct fold_source *const *enclosing, size_t count)
{
	struct slots slots = {0};
	struct policy_dest *dest;
	bool has_room = true;

	for (size_t i = 0; i < count; i++)
		has_room &= slots_add_source(&slots, enclosing[i]);
	slots_tidy(&slots);
	if (slots.count > HF_DEST_SLOTS) {
		slots_crowd(&slots, (struct fold_sets){0});
		has_room = false;
	}
	if (!has_room && !fold->crowded)
		fold->crowded = enclosing[count - 1];
	dest = compile_grow(&fold->dests, &fold->count, sizeof(*dest));
	if (!dest)
		return -ENOMEM;
	dest->key.prefixlen = prefix->prefix_bits;
	memcpy(dest->key.address, prefix->address, sizeof(dest->key.address));
	for (size_t i = 0; i < HF_DEST_SLOTS; i++) {
		/* An unused slot says nothing, of whatever port. */
		dest->dest.allow[i] = i < slots.count ? slots.sets[i].set : 0;
		dest->dest.allow_print[i] = i < slots.count ? slots.sets[i].print : 0;
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
	const struct policy_prefix *left = &((const struct fold_source *)a)->prefix;
	const struct policy_prefix *right = &((const struct fold_source *)b)->prefix;
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

/*
 * A short IPv6 prefix such as ::/0 would catch IPv4 addresses as well, which the kernel keeps below
 * ::ffff:0:0/96. An entry of that prefix stops it, with what IPv4 networks say there: nothing,
 * unless 0.0.0.0/0 is among them, and then it has its entry already.
 */
static int guard_ipv4(struct fold *fold, const struct fold_source *sources, size_t count)
{
	struct policy_prefix ipv4 = {.address = {[10] = 0xff, [11] = 0xff}, .prefix_bits = MAPPED};

	/* Sorted first when it is there. */
	if (!count || is_same_prefix(&sources[0].prefix, &ipv4))
		return 0;
	return dest_add(fold, &ipv4, NULL, 0);
}

static int fold_sorted(struct fold *fold, const struct fold_source *sources, size_t count)
{
	auto_free const struct fold_source **enclosing = calloc(count + 1, sizeof(*enclosing));
	size_t depth = 0;
	int r;

	if (!enclosing)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct policy_prefix *prefix = &sources[i].prefix;

		while (depth && !policy_prefix_contains(&enclosing[depth - 1]->prefix, prefix))
			depth--;
		enclosing[depth++] = &sources[i];
		if (i + 1 < count && is_same_prefix(prefix, &sources[i + 1].prefix))
			continue;
		r = dest_add(fold, prefix, enclosing, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

int fold_prefixes(struct fold_source *sources, size_t count, struct policy_dest **ret_dests,
	size_t *ret_count, const struct fold_source **ret_crowded)
{
	struct fold fold = {0};
	int r;

	qsort(sources, count, sizeof(*sources), source_compare);
	r = fold_sorted(&fold, sources, count);
	if (r == 0)
		r = guard_ipv4(&fold, sources, count);
	if (r < 0) {
		free(fold.dests);
		return r;
	}
	*ret_dests = fold.dests;
	*ret_count = fold.count;
	*ret_crowded = fold.crowded;
	return 0;
}
