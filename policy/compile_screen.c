/* SPDX-License-Identifier: Apache-2.0 */
/* [screen]: what holds of captures besides the rules of the labels that are exposed. */
#include "policy/compile_parts.h"

int compile_screen(struct compile *compile)
{
	const struct policy_screen *from = &compile->policy->screen;
	struct policy_compiled *compiled = compile->compiled;
	struct hf_bank *bank = &compiled->bank;

	compiled->gates.state.capture_until_ns = UINT64_MAX;
	if (!from->place.line)
		return 0;
	bank->screen = from->records_exposed_only ? HF_SCREEN_RECORD_EXPOSED : HF_SCREEN_RECORD_ALL;
	if (from->is_always)
		bank->screen |= HF_SCREEN_ALWAYS;
	for (size_t i = 0; i < from->apps.count; i++)
		bank->apps[from->apps.items[i].index + 1].flags |= HF_APP_CAPTURES;
	compiled->screen_place = compile_place(compile, from->place);
	if (from->apps.count)
		compiled->capture_place = compile_place(compile, from->apps.items[0].place);
	if (!from->hours_place.line)
		return 0;
	compiled->capture_from_min = from->from_min;
	compiled->capture_until_min = from->until_min;
	compiled->gates.state.capture_until_ns = 0; /* until the agent says that it is the hour */
	return 0;
}
