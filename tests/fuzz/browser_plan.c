/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firefox's file as anybody may have left it, parts between NULs: what it says, what it said before, what
 * it would read else. Whatever they are: ours get in, looking again changes nothing, and what was there
 * comes back.
 */
#include <assert.h>
#include <string.h>

#include "agent/browser/plan.h"
#include "common/cleanup.h"

static const struct browser_want want = {
	.browsers = 7, .domain_count = 1, .domains = {"acme.example"}};

static struct text part(const uint8_t **at, size_t *left)
{
	const uint8_t *end = memchr(*at, 0, *left);
	size_t size = end ? (size_t)(end - *at) : *left;
	const struct text whole = {(char *)*at, size};
	struct text copy = {0};

	if (size)
		assert(text_copy(&whole, &copy) == 0);
	*at += size + (end ? 1 : 0);
	*left -= size + (end ? 1 : 0);
	return copy;
}

static void assert_ours(const struct plan *plan)
{
	struct json_object *file = settings_parse(&plan->file), *policies;

	assert(file && json_object_object_get_ex(file, "policies", &policies));
	assert(!strcmp(
		json_object_get_string(json_object_object_get(policies, "AllowedDomainsForApps")),
		"acme.example"));
	(void)json_object_put(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct plan_from first = {0}, then = {0};
	struct plan plan, again, back;

	first.current = part(&bytes, &size);
	first.before = part(&bytes, &size);
	first.written = part(&bytes, &size);
	first.other = part(&bytes, &size);
	assert(plan_make(BROWSER_FIREFOX, &first, &want, &plan) == 0);
	assert_ours(&plan);
	then = (struct plan_from){plan.file, plan.before, plan.file, first.other};
	assert(plan_make(BROWSER_FIREFOX, &then, &want, &again) == 0);
	assert(!again.has_drifted && text_is_equal(&again.before, &plan.before));
	assert(plan_make(BROWSER_FIREFOX, &then, NULL, &back) == 0);
	assert(text_is_equal(&back.file, &plan.before));
	(void)plan_is_rival(&first.current, &want);
	plan_done(&back);
	plan_done(&again);
	plan_done(&plan);
	text_done(&first.current);
	text_done(&first.before);
	text_done(&first.written);
	text_done(&first.other);
	return 0;
}
