/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/verify_users.h"

#include <errno.h>

#include "common/clock.h"

_Static_assert(
	POLICY_VERIFY_SLOTS == HF_VERIFY_SLOTS, "a slot of the policy is one of the kernel part");

/* count when there is none. */
static size_t index_of(const struct verify_users *users, uint32_t uid)
{
	size_t i = 0;

	while (i < users->count && users->list[i].uid != uid)
		i++;
	return i;
}

const struct verify_user *verify_users_find(const struct verify_users *users, uint32_t uid)
{
	size_t at = index_of(users, uid);

	return at < users->count ? &users->list[at] : NULL;
}

int verify_users_prove(
	struct verify_users *users, uint32_t uid, enum verify_method method, uint64_t now_ns)
{
	size_t at = index_of(users, uid);

	if (at == VERIFY_USER_MAX)
		return -ENOSPC;
	if (at == users->count)
		users->list[users->count++] = (struct verify_user){.uid = uid};
	users->list[at].proven_ns[method] = now_ns;
	return 0;
}

bool verify_users_end(struct verify_users *users, uint32_t uid)
{
	size_t at = index_of(users, uid);

	if (at == users->count)
		return false;
	users->list[at] = users->list[--users->count];
	return true;
}

uint64_t verify_user_until(const struct verify_user *user, const struct policy_verify_slot *slot)
{
	uint64_t latest_ns = 0;

	for (unsigned int method = 0; method < VERIFY_METHOD_MAX; method++)
		if (slot->methods & 1U << method && user->proven_ns[method] > latest_ns)
			latest_ns = user->proven_ns[method];
	return latest_ns ? latest_ns + slot->grace_s * CLOCK_SECOND_NS : 0;
}

uint64_t verify_user_gate(const struct verify_user *user,
	const struct policy_verification *verification, uint64_t now_ns,
	struct hf_verified *ret_verified)
{
	uint64_t latest_ns = 0;

	*ret_verified = (struct hf_verified){0};
	for (unsigned int i = 0; user && i < HF_VERIFY_SLOTS; i++) {
		const struct policy_verify_slot *slot = &verification->slots[i];
		uint64_t until_ns = verify_user_until(user, slot);

		if (!slot->labels || until_ns <= now_ns)
			continue;
		ret_verified->labels[i] = slot->labels;
		ret_verified->until_ktime_ns[i] = until_ns;
		if (until_ns > latest_ns)
			latest_ns = until_ns;
	}
	return latest_ns;
}

bool verify_users_have(const struct verify_users *users,
	const struct policy_verification *verification, unsigned int bit, uint64_t now_ns)
{
	for (size_t i = 0; i < users->count; i++)
		for (unsigned int slot = 0; slot < POLICY_VERIFY_SLOTS; slot++)
			if ((verification->slots[slot].labels & UINT64_C(1) << bit) &&
				verify_user_until(&users->list[i], &verification->slots[slot]) >
					now_ns)
				return true;
	return false;
}

void verify_except_gate(
	const struct policy_verification *verification, struct hf_verified *ret_verified)
{
	*ret_verified = (struct hf_verified){
		.labels[0] = verification->labels, .until_ktime_ns[0] = UINT64_MAX};
}

bool verify_is_excepted(const struct policy_verification *verification, uint32_t uid)
{
	for (size_t i = 0; i < verification->except_count; i++)
		if (verification->except_uids[i] == uid)
			return true;
	return false;
}
