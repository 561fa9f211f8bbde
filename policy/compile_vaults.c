/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vaults: their folders are marked as a label's own paths are, and one application more, the agent's
 * helper that moves folders in, may open every label. It is not exempt from labels, nor trusted to forget
 * any: what it writes inherits those of what it has read. Excepted are the mount that shows a vault
 * where a label is, and the copy of what may only be viewed, which inherits as well.
 */
#include <errno.h>

#include "policy/compile_parts.h"

static int add_app(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	uint32_t index = (uint32_t)compiled->app_count;
	struct hf_app *app;

	if (index >= HF_APP_MAX)
		return -ENOSPC; /* check_vault.c has said so */
	app = &compiled->bank.apps[index];
	app->open = UINT64_MAX;
	app->except[HF_CHANNEL_MOUNT] = UINT64_MAX;
	app->except[HF_CHANNEL_LOCAL_FILE] = UINT64_MAX;
	compiled->app_count++;
	compiled->vault_app = index;
	compiled->app[index].place = compiled->vaults[0].place;
	if (compile_copy(POLICY_VAULT_APP, &compiled->app[index].name) < 0)
		return -ENOMEM;
	return compile_copy("Holdfast's vaults", &compiled->app[index].title);
}

static int add_mark(struct compile *compile, const struct policy_vault_entry *vault)
{
	struct policy_compiled *compiled = compile->compiled;
	struct policy_mark *mark = compile_grow(
		&compiled->marks, &compiled->mark_count, sizeof(*mark));

	if (!mark)
		return -ENOMEM;
	mark->bit = vault->bit;
	mark->place = vault->place;
	return compile_copy(vault->path, &mark->pattern);
}

int compile_vaults(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	const struct policy *policy = compile->policy;
	int r = 0;

	compiled->vault_app = HF_APP_UNKNOWN;
	for (size_t i = 0; i < policy->vault_count && r == 0; i++) {
		const struct policy_vault *from = &policy->vaults[i];
		struct policy_vault_entry *vault = compile_grow(
			&compiled->vaults, &compiled->vault_count, sizeof(*vault));

		if (!vault)
			return -ENOMEM;
		vault->bit = compile->number[from->label.index];
		vault->size_bytes = from->size_bytes;
		vault->place = compile_place(compile, from->place);
		if (compile_copy(from->name, &vault->name) < 0 ||
			compile_copy(from->title, &vault->title) < 0 ||
			compile_copy(from->paths.items[0].text, &vault->path) < 0)
			return -ENOMEM;
		r = add_mark(compile, vault);
	}
	return r == 0 && compiled->vault_count ? add_app(compile) : r;
}
