/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compile.h"

#include <errno.h>
#include <string.h>

#include "policy/compile_parts.h"
#include "policy/pattern.h"
#include "policy/zone.h"

void *compile_grow(void *array_of_items, size_t *count, size_t item_size)
{
	void *items;

	memcpy(&items, array_of_items, sizeof(items));
	items = reallocarray(items, *count + 1, item_size);
	if (!items)
		return NULL;
	memcpy(array_of_items, &items, sizeof(items));
	return memset((char *)items + (*count)++ * item_size, 0, item_size);
}

/* Gives each label its bit. -ENOSPC when the device has none left. */
static int compile_bits(struct compile *compile)
{
	const struct policy_compiler *compiler = compile->compiler;
	const struct policy *policy = compile->policy;

	for (size_t i = 0; i < policy->label_count; i++) {
		const struct policy_label *label = &policy->labels[i];
		int r = (int)i;

		if (compiler && compiler->bit_of_label)
			r = compiler->bit_of_label(label->uuid, label->name, compiler->userdata);
		if (r == -ENOSPC || r >= HF_LABEL_MAX) {
			policy_problems_add(compile->problems, &label->place,
				"remove the label from files that carry old ones, or use fewer",
				"no room for label %s: this device knows %d labels already, live "
				"ones of"
				" earlier policies counted",
				label->name, HF_LABEL_MAX);
			return -ENOSPC;
		}
		if (r < 0)
			return r;
		if (compile->compiled->labels & UINT64_C(1) << r)
			return -EEXIST; /* two labels on one bit would share their fate */
		compile->number[i] = (unsigned int)r;
		compile->bit[i] = UINT64_C(1) << r;
		compile->compiled->labels |= compile->bit[i];
	}
	return 0;
}

int policy_compile(const struct policy *policy, const struct policy_compiler *compiler,
	struct policy_problems *problems, struct policy_compiled **ret_compiled)
{
	auto_call(policy_compiled_freep) struct policy_compiled *compiled = NULL;
	auto_free struct compile *compile = calloc(1, sizeof(*compile));
	size_t before = problems->count + problems->left_out;
	int r;

	compiled = calloc(1, sizeof(*compiled));
	if (!compile || !compiled)
		return -ENOMEM;
	compile->policy = policy;
	compile->compiler = compiler;
	compile->problems = problems;
	compile->compiled = compiled;
	rule_table_fill(policy, &compile->table);
	r = compile_bits(compile);
	if (r < 0)
		return r;
	r = compile_tables(compile);
	if (r < 0)
		return r;
	r = compile_masks(compile);
	if (r < 0)
		return r;
	r = compile_exempts(compile);
	if (r < 0)
		return r;
	r = compile_vaults(compile);
	if (r < 0)
		return r;
	r = compile_dests(compile);
	if (r < 0)
		return r;
	r = compile_login(compile);
	if (r < 0)
		return r;
	r = compile_browser(compile);
	if (r < 0)
		return r;
	r = compile_zones(compile);
	if (r < 0)
		return r;
	r = compile_grants(compile);
	if (r < 0)
		return r;
	r = compile_verify(compile);
	if (r < 0)
		return r;
	r = compile_screen(compile);
	if (r < 0)
		return r;
	r = compile_watermark(compile);
	if (r < 0)
		return r;
	if (problems->is_out_of_memory)
		return -ENOMEM;
	policy_problems_sort(problems);
	if (problems->count + problems->left_out != before)
		return -EBADMSG;
	*ret_compiled = take_ptr(compiled);
	return 0;
}

static void label_free(struct policy_label_entry *label)
{
	free(label->name);
	free(label->title);
	free(label->tenant);
	for (size_t i = 0; i < HF_CHANNEL_MAX; i++) {
		free(label->origins[i].rule);
		free(label->origins[i].text);
		free(label->origins[i].link);
	}
}

static void tables_free(struct policy_compiled *compiled)
{
	for (size_t i = 0; i < compiled->mark_count; i++)
		free(compiled->marks[i].pattern);
	for (size_t i = 0; i < compiled->program_count; i++)
		free(compiled->programs[i].pattern);
	for (size_t i = 0; i < compiled->matcher_count; i++) {
		free(compiled->matchers[i].name);
		free(compiled->matchers[i].serial);
	}
	for (size_t i = 0; i < compiled->exempt_count; i++)
		free(compiled->exempts[i].pattern);
	for (size_t i = 0; i < compiled->declassify_count; i++) {
		free(compiled->declassifys[i].name);
		free(compiled->declassifys[i].text);
	}
	for (size_t i = 0; i < compiled->file_count; i++)
		free(compiled->files[i]);
	for (size_t i = 0; i < compiled->vault_count; i++) {
		free(compiled->vaults[i].name);
		free(compiled->vaults[i].title);
		free(compiled->vaults[i].path);
	}
	free(compiled->vaults);
	free(compiled->exempts);
	free(compiled->declassifys);
	free(compiled->marks);
	free(compiled->programs);
	free(compiled->matchers);
	free(compiled->files);
}

static void verification_free(struct policy_verification *verification)
{
	free(verification->except_uids);
	free(verification->page_issuer);
	free(verification->page_client);
	free(verification->page_claim);
	free(verification->page_domain);
	free(verification->page_ca);
}

void policy_compiled_free(struct policy_compiled *compiled)
{
	if (!compiled)
		return;
	for (size_t i = 0; i < HF_LABEL_MAX; i++)
		label_free(&compiled->label[i]);
	for (size_t i = 0; i < HF_APP_MAX; i++) {
		free(compiled->app[i].name);
		free(compiled->app[i].title);
	}
	tables_free(compiled);
	compile_login_free(&compiled->login);
	compile_browser_free(&compiled->browser);
	policy_zones_free(compiled->zones, compiled->zone_count);
	policy_services_free(compiled->services, compiled->service_count);
	verification_free(&compiled->verification);
	free(compiled->watermark.text);
	free(compiled->dests);
	free(compiled->grants);
	free(compiled->name);
	free(compiled);
}
