/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second verification: labels by how they are verified and for how long, who never does, and what
 * holds where the policy says nothing.
 */
#include <errno.h>
#include <string.h>

#include "common/verification.h"
#include "policy/compile_parts.h"

static struct policy_verify_slot *slot_of(
	struct policy_verification *verification, const struct policy_label *label)
{
	uint32_t grace_s = policy_verify_grace(label);

	for (unsigned int i = 0; i < POLICY_VERIFY_SLOTS; i++) {
		struct policy_verify_slot *slot = &verification->slots[i];

		if (slot->labels && slot->methods == label->verify && slot->grace_s == grace_s)
			return slot;
		if (slot->labels)
			continue;
		slot->methods = label->verify;
		slot->grace_s = grace_s;
		return slot;
	}
	return NULL; /* check_verify() saw to it that there are not more */
}

static int except_add(struct compile *compile, const struct policy_item *item, uint32_t uid)
{
	struct policy_verification *verification = &compile->compiled->verification;
	uint32_t *where;

	for (size_t i = 0; i < verification->except_count; i++)
		if (verification->except_uids[i] == uid)
			return 0;
	if (verification->except_count >= POLICY_VERIFY_EXCEPT_MAX) {
		policy_problems_add(compile->problems, &item->place, NULL,
			"too many users in except-user: expected at most %d",
			POLICY_VERIFY_EXCEPT_MAX);
		return 0;
	}
	where = compile_grow(
		&verification->except_uids, &verification->except_count, sizeof(*where));
	if (!where)
		return -ENOMEM;
	*where = uid;
	return 0;
}

static int excepts(struct compile *compile)
{
	const struct policy_list *users = &compile->policy->verify.except_users;

	for (size_t i = 0; i < users->count; i++) {
		auto_free uint32_t *uids = NULL;
		size_t count = 0;
		int r = compile_users_of(compile, &users->items[i], &uids, &count);

		for (size_t j = 0; r == 0 && j < count; j++)
			r = except_add(compile, &users->items[i], uids[j]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is not said: all that ends it, idle where there is a time for it. */
static uint8_t ends_of(const struct policy_verify *verify)
{
	if (verify->has_ends)
		return verify->ends;
	return (uint8_t)(1U << VERIFY_CAUSE_LOCK | 1U << VERIFY_CAUSE_SUSPEND |
			 1U << VERIFY_CAUSE_SWITCH |
			 (verify->idle_s ? 1U << VERIFY_CAUSE_IDLE : 0U));
}

int compile_verify(struct compile *compile)
{
	struct policy_verification *verification = &compile->compiled->verification;
	const struct policy_verify *from = &compile->policy->verify;

	for (size_t i = 0; i < compile->policy->label_count; i++) {
		const struct policy_label *label = &compile->policy->labels[i];
		struct policy_verify_slot *slot;

		if (!label->verify)
			continue;
		slot = slot_of(verification, label);
		if (!slot)
			return -EINVAL;
		slot->labels |= compile->bit[i];
		verification->labels |= compile->bit[i];
		verification->methods |= label->verify;
		compile->compiled->label[compile->number[i]].verify_place = compile_place(
			compile, label->verify_place);
	}
	verification->ends = ends_of(from);
	verification->idle_s = from->idle_s;
	verification->drops_keys = from->drops_keys;
	if (compile_copy(from->page_issuer, &verification->page_issuer) < 0 ||
		compile_copy(from->page_client, &verification->page_client) < 0 ||
		compile_copy(from->page_claim, &verification->page_claim) < 0 ||
		compile_copy(from->page_domain, &verification->page_domain) < 0 ||
		compile_copy(from->page_ca, &verification->page_ca) < 0)
		return -ENOMEM;
	return excepts(compile);
}
