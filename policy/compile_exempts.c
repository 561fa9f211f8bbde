/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where applications are exempt: their state paths, and what [declassify] says; and where memory
 * is, by [cache].
 */
#include <errno.h>

#include "policy/compile_parts.h"

static int add(
	struct compile *compile, const struct policy_item *path, const struct policy_exempt *what)
{
	struct policy_compiled *compiled = compile->compiled;
	struct policy_exempt *exempt = compile_grow(
		&compiled->exempts, &compiled->exempt_count, sizeof(*exempt));

	if (!exempt)
		return -ENOMEM;
	*exempt = *what;
	exempt->place = compile_place(compile, path->place);
	return compile_copy(path->text, &exempt->pattern);
}

static int add_states(struct compile *compile, size_t app)
{
	const struct policy_list *states = &compile->policy->apps[app].states;
	const struct policy_list *documents = &compile->policy->apps[app].documents;
	struct policy_exempt what = {
		.app = (uint32_t)app + 1, .kind = HF_EXEMPT_STATE, .labels = UINT64_MAX};
	int r = 0;

	for (size_t i = 0; i < states->count && r == 0; i++)
		r = add(compile, &states->items[i], &what);
	what.labels = HF_EXEMPT_DOCUMENTS;
	for (size_t i = 0; i < documents->count && r == 0; i++)
		r = add(compile, &documents->items[i], &what);
	if (states->count)
		compile->compiled->bank.apps[app + 1].flags |= HF_APP_STATE;
	return r;
}

static int add_declassify(struct compile *compile, const struct policy_declassify *from)
{
	struct policy_compiled *compiled = compile->compiled;
	struct policy_exempt what = {
		.kind = HF_EXEMPT_DECLASSIFY, .rule = compiled->declassify_count};
	struct policy_declassify_entry *entry = compile_grow(
		&compiled->declassifys, &compiled->declassify_count, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->place = compile_place(compile, from->place);
	if (compile_copy(from->name, &entry->name) < 0 ||
		compile_copy(from->text, &entry->text) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < from->labels.count; i++)
		what.labels |= compile->bit[from->labels.items[i].index];
	for (size_t i = 0; i < from->apps.count; i++) {
		what.app = (uint32_t)from->apps.items[i].index + 1;
		compiled->bank.apps[what.app].flags |= HF_APP_SHEDS;
		for (size_t j = 0; j < from->paths.count; j++)
			if (add(compile, &from->paths.items[j], &what) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int add_cache(struct compile *compile, const struct policy_cache *cache)
{
	const struct policy_exempt what = {
		.app = HF_APP_UNKNOWN, .kind = HF_EXEMPT_CACHE, .labels = UINT64_MAX};
	int r = 0;

	for (size_t i = 0; i < cache->paths.count && r == 0; i++)
		r = add(compile, &cache->paths.items[i], &what);
	compile->compiled->bank.has_caches = 1;
	return r;
}

int compile_exempts(struct compile *compile)
{
	const struct policy *policy = compile->policy;
	int r = 0;

	for (size_t i = 0; i < policy->app_count && r == 0; i++)
		r = add_states(compile, i);
	for (size_t i = 0; i < policy->declassify_count && r == 0; i++)
		r = add_declassify(compile, &policy->declassifys[i]);
	for (size_t i = 0; i < policy->cache_count && r == 0; i++)
		r = add_cache(compile, &policy->caches[i]);
	return r;
}
