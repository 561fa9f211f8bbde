/* SPDX-License-Identifier: Apache-2.0 */
/*
 * except-user: user names and groups as standing grants of user ids.
 */
#include "policy/compile_parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Everyone a rule excepts, and the labels it decides on one channel. */
struct exempt {
	uint32_t channel;
	uint64_t labels;
	const struct policy_place *place;
};

static int grant_add(struct compile *compile, const struct exempt *exempt, uint32_t uid)
{
	struct policy_compiled *compiled = compile->compiled;
	struct policy_grant *grant;

	for (size_t i = 0; i < compiled->grant_count; i++) {
		grant = &compiled->grants[i];
		if (grant->key.uid == uid && grant->key.channel == exempt->channel) {
			grant->grant.labels |= exempt->labels;
			return 0;
		}
	}
	if (compiled->grant_count >= HF_GRANT_MAX) {
		policy_problems_add(compile->problems, exempt->place, NULL,
			"too many users in except-user: expected at most %d users times channels",
			HF_GRANT_MAX);
		return 0;
	}
	grant = compile_grow(&compiled->grants, &compiled->grant_count, sizeof(*grant));
	if (!grant)
		return -ENOMEM;
	grant->key = (struct hf_grant_key){.uid = uid, .channel = (uint16_t)exempt->channel};
	grant->grant = (struct hf_grant){
		.labels = exempt->labels,
		.until_ktime_ns = UINT64_MAX,
	};
	return 0;
}

static int resolve(struct compile *compile, const struct policy_item *item, uint32_t **ret_uids,
	size_t *ret_count)
{
	const struct policy_compiler *compiler = compile->compiler;
	bool is_group = *item->text == '@';
	uint32_t *uid;

	if (!isdigit((unsigned char)*item->text)) {
		if (!compiler || !compiler->resolve_user)
			return -ENOENT;
		return compiler->resolve_user(
			item->text + is_group, is_group, ret_uids, ret_count, compiler->userdata);
	}
	uid = malloc(sizeof(*uid));
	if (!uid)
		return -ENOMEM;
	*uid = (uint32_t)strtoul(item->text, NULL, 10);
	*ret_uids = uid;
	*ret_count = 1;
	return 0;
}

int compile_users_of(struct compile *compile, const struct policy_item *item, uint32_t **ret_uids,
	size_t *ret_count)
{
	int r = resolve(compile, item, ret_uids, ret_count);

	if (r != -ENOENT)
		return r;
	policy_problems_add(compile->problems, &item->place, NULL,
		"except-user '%.64s': expected a %s this computer knows", item->text,
		*item->text == '@' ? "group" : "user");
	return 0;
}

static int grant_item(struct compile *compile, const struct policy_item *item,
	const struct exempt *exempts, size_t count)
{
	auto_free uint32_t *uids = NULL;
	size_t uid_count = 0;
	int r;

	r = compile_users_of(compile, item, &uids, &uid_count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < uid_count; i++)
		for (size_t j = 0; j < count; j++) {
			r = grant_add(compile, &exempts[j], uids[i]);
			if (r < 0)
				return r;
		}
	return 0;
}

int compile_grants(struct compile *compile)
{
	const struct policy *policy = compile->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_list *users = &policy->rules[i].except_users;
		struct exempt exempts[HF_CHANNEL_MAX];
		size_t count = 0;

		for (unsigned int channel = 0; users->count && channel < HF_CHANNEL_MAX;
			channel++) {
			struct exempt *exempt = &exempts[count];

			*exempt = (struct exempt){channel, 0, &users->items[0].place};
			for (size_t label = 0; label < policy->label_count; label++)
				if (compile->table.owner[label][channel] == i)
					exempt->labels |= compile->bit[label];
			count += exempt->labels != 0;
		}
		for (size_t j = 0; j < users->count; j++) {
			int r = grant_item(compile, &users->items[j], exempts, count);

			if (r < 0)
				return r;
		}
	}
	return 0;
}
