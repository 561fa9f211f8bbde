/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chromium's file is ours alone. Firefox has one file for everybody: ours are two members of it, the rest
 * is its administrator's, who may change that at any time, and has all of it back in the end.
 */
#include "agent/browser/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define POLICIES "policies"

static void object_put(struct json_object **object)
{
	(void)json_object_put(*object); /* freed */
}

/* Of what Firefox takes; NULL: it takes nothing of it. */
static struct json_object *document_parse(const struct text *text)
{
	struct json_object *document = settings_parse(text), *policies;

	if (document && json_object_object_get_ex(document, POLICIES, &policies) &&
		!json_object_is_type(policies, json_type_object)) {
		object_put(&document);
		return NULL;
	}
	return document;
}

static struct json_object *member(struct json_object *document, const char *name)
{
	struct json_object *policies = NULL;

	if (document)
		(void)json_object_object_get_ex(document, POLICIES, &policies);
	return policies ? json_object_object_get(policies, name) : NULL;
}

/* value: borrowed; NULL = not there. */
static int member_set(struct json_object *document, const char *name, struct json_object *value)
{
	struct json_object *policies;

	if (!json_object_object_get_ex(document, POLICIES, &policies)) {
		if (!value)
			return 0;
		policies = json_object_new_object();
		if (!policies || json_object_object_add(document, POLICIES, policies) < 0) {
			object_put(&policies);
			return -ENOMEM;
		}
	}
	if (!value)
		json_object_object_del(policies, name);
	else if (json_object_object_add(policies, name, json_object_get(value)) < 0)
		return -ENOMEM;
	return 0;
}

static bool is_empty(struct json_object *document)
{
	struct json_object *policies = NULL;

	(void)json_object_object_get_ex(document, POLICIES, &policies);
	return json_object_object_length(document) == (policies ? 1 : 0) &&
	       (!policies || !json_object_object_length(policies));
}

/* What somebody wrote, without ours: each of these as it was before us. */
static int ours_take_out(
	const struct plan_from *from, struct json_object *document, struct plan *plan)
{
	auto_call(object_put) struct json_object *before = document_parse(&from->before);
	auto_call(object_put) struct json_object *written = document_parse(&from->written);

	for (const char *const *name = settings_names(BROWSER_FIREFOX); *name; name++) {
		int r;

		if (!json_object_equal(member(document, *name), member(written, *name)))
			plan->has_drifted = true;
		r = member_set(document, *name, member(before, *name));
		if (r < 0)
			return r;
	}
	return from->before.bytes || !is_empty(document) ? settings_format(document, &plan->before)
							 : 0;
}

/* *ret_document: all that the file is to say beside ours. */
static int firefox_base(
	const struct plan_from *from, struct plan *plan, struct json_object **ret_document)
{
	bool is_known = text_is_equal(&from->current, &from->written);
	auto_call(object_put) struct json_object *document =
		is_known ? NULL : document_parse(&from->current);
	int r;

	plan->has_drifted = from->written.bytes && !is_known && !document;
	if (document && from->written.bytes)
		r = ours_take_out(from, document, plan);
	else
		r = text_copy(from->written.bytes ? &from->before : &from->current, &plan->before);
	if (r < 0)
		return r;
	if (!document)
		document = document_parse(from->before.bytes ? &from->before : &from->other);
	if (!document)
		document = json_object_new_object();
	if (!document)
		return -ENOMEM;
	*ret_document = take_ptr(document);
	return 0;
}

static int firefox_plan(
	const struct plan_from *from, const struct browser_want *want, struct plan *plan)
{
	auto_call(object_put) struct json_object *document = NULL;
	auto_call(object_put) struct json_object *ours = NULL;
	int r;

	r = firefox_base(from, plan, &document);
	if (r < 0)
		return r;
	if (!want)
		return text_copy(&plan->before, &plan->file);
	ours = settings_object(BROWSER_FIREFOX, want);
	if (!ours)
		return -ENOMEM;
	for (const char *const *name = settings_names(BROWSER_FIREFOX); *name; name++) {
		r = member_set(document, *name, json_object_object_get(ours, *name));
		if (r < 0)
			return r;
	}
	return settings_format(document, &plan->file);
}

static int chromium_plan(enum browser browser, const struct plan_from *from,
	const struct browser_want *want, struct plan *plan)
{
	auto_call(object_put) struct json_object *ours = NULL;

	plan->has_drifted = from->written.bytes && !text_is_equal(&from->current, &from->written);
	if (!want)
		return 0;
	ours = settings_object(browser, want);
	return ours ? settings_format(ours, &plan->file) : -ENOMEM;
}

int plan_make(enum browser browser, const struct plan_from *from, const struct browser_want *want,
	struct plan *ret_plan)
{
	struct plan plan = {0};
	int r = browser == BROWSER_FIREFOX ? firefox_plan(from, want, &plan)
					   : chromium_plan(browser, from, want, &plan);

	if (r < 0)
		plan_done(&plan);
	else
		*ret_plan = plan;
	return r;
}

void plan_done(struct plan *plan)
{
	text_done(&plan->before);
	text_done(&plan->file);
}

bool plan_is_rival(const struct text *text, const struct browser_want *want)
{
	auto_call(object_put) struct json_object *theirs = settings_parse(text);
	auto_call(object_put) struct json_object *ours = settings_object(BROWSER_CHROMIUM, want);

	if (!theirs || !ours)
		return true;
	for (const char *const *name = settings_names(BROWSER_CHROMIUM); *name; name++) {
		struct json_object *other;

		if (json_object_object_get_ex(theirs, *name, &other) &&
			!json_object_equal(other, json_object_object_get(ours, *name)))
			return true;
	}
	return false;
}
