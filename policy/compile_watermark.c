/* SPDX-License-Identifier: Apache-2.0 */
/* Copies what [watermark] says. */
#include "policy/compile_parts.h"

int compile_watermark(struct compile *compile)
{
	const struct policy_watermark *from = &compile->policy->watermark;
	struct watermark_rules *rules = &compile->compiled->watermark;

	if (!from->place.line)
		return 0;
	*rules = from->rules;
	return compile_copy(from->rules.text, &rules->text);
}
