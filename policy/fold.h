/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as the kernel looks them up: the longest prefix alone answers, so what enclosing prefixes
 * say is folded into each.
 */
#ifndef HOLDFAST_POLICY_FOLD_H
#define HOLDFAST_POLICY_FOLD_H

#include "policy/compile.h"

/* What is said of a place: of destinations labels by channel, of services themselves. */
struct fold_sets {
	uint64_t set;	/* goes to hf_dest.allow */
	uint64_t print; /* to hf_dest.allow_print */
};

/* One prefix of one network. */
struct fold_source {
	const struct policy_network *network; /* whose ports count; none: all ports */
	struct policy_prefix prefix;
	struct fold_sets sets;
};

/*
 * Sorts sources. One entry for each different prefix, and one that keeps IPv6 prefixes from answering
 * for IPv4. Where more port ranges meet than there is room for, the entry says all of all ports, and
 * *ret_crowded (NULL: none) is such a source. 0: *ret_dests is the caller's to free; -ENOMEM.
 */
int fold_prefixes(struct fold_source *sources, size_t count, struct policy_dest **ret_dests,
	size_t *ret_count, const struct fold_source **ret_crowded);

#endif
