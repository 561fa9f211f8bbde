/* SPDX-License-Identifier: Apache-2.0 */
/* Which sections a policy has, which keys they have, and where what they say goes. */
#ifndef HOLDFAST_POLICY_SECTION_TABLE_H
#define HOLDFAST_POLICY_SECTION_TABLE_H

#include "policy/build.h"

/* Of one that there may be many of: each is an item of an array. */
struct section {
	const char *name;
	const struct section_key *keys; /* ends with one without a name */
	size_t array;			/* offsets in struct policy, then in the item */
	size_t count;
	size_t size; /* bytes of an item */
	size_t item_name;
	size_t item_place;
	size_t limit; /* items */
};

extern const struct section policy_sections[SECTION_MAX];

#endif
