/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent needs beside the masks: names, places, paths, devices, and who decided what.
 */
#include "policy/compile_parts.h"

#include <errno.h>
#include <string.h>

int compile_copy(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

struct policy_place compile_place(const struct compile *compile, struct policy_place place)
{
	if (place.file)
		place.file = compile->compiled->files[place.file_order];
	return place;
}

static int copy_files(struct compile *compile)
{
	struct policy_compiled *compiled = compile->compiled;
	const struct policy *policy = compile->policy;

	compiled->files = calloc(policy->file_count + 1, sizeof(*compiled->files));
	if (!compiled->files)
		return -ENOMEM;
	for (; compiled->file_count < policy->file_count; compiled->file_count++)
		if (compile_copy(policy->files[compiled->file_count],
			    &compiled->files[compiled->file_count]) < 0)
			return -ENOMEM;
	compiled->version = policy->version;
	return compile_copy(policy->name, &compiled->name);
}

static struct policy_place first_place(
	const struct compile *compile, const struct policy_list *list)
{
	if (!list->count)
		return (struct policy_place){0};
	return compile_place(compile, list->items[0].place);
}

static void origin_exceptions(const struct compile *compile, const struct policy_rule *rule,
	unsigned int channel, struct policy_origin *origin)
{
	struct policy_place *places = origin->except_places;

	places[POLICY_EXCEPT_APP] = first_place(compile, &rule->except_apps);
	places[POLICY_EXCEPT_USER] = first_place(compile, &rule->except_users);
	if (channel == HF_CHANNEL_NETWORK || channel == HF_CHANNEL_PRINT)
		places[POLICY_EXCEPT_NETWORK] = first_place(compile, &rule->except_networks);
	if (channel == HF_CHANNEL_REMOVABLE || channel == HF_CHANNEL_RAWDISK)
		places[POLICY_EXCEPT_DEVICE] = first_place(compile, &rule->except_devices);
}

static int origin_fill(const struct compile *compile, size_t label, unsigned int channel,
	struct policy_origin *origin)
{
	const struct policy_label *from = &compile->policy->labels[label];
	size_t owner = compile->table.owner[label][channel];
	const struct policy_rule *rule = owner == RULE_NONE ? NULL : &compile->policy->rules[owner];
	const char *text = rule && rule->text ? rule->text : from->text;
	const char *link = rule && rule->link ? rule->link : from->link;

	origin->is_default = !rule;
	origin->action = rule_action(compile->policy, &compile->table, label, channel);
	if (rule) {
		origin->place = compile_place(compile, rule->place);
		origin_exceptions(compile, rule, channel, origin);
	} else if (channel == HF_CHANNEL_OPEN && from->open_place.line) {
		origin->place = compile_place(compile, from->open_place);
	} else {
		origin->place = compile_place(compile, from->place);
	}
	if (compile_copy(rule ? rule->name : NULL, &origin->rule) < 0 ||
		compile_copy(text, &origin->text) < 0)
		return -ENOMEM;
	return compile_copy(link, &origin->link);
}

static int copy_label(struct compile *compile, size_t index)
{
	const struct policy_label *from = &compile->policy->labels[index];
	struct policy_compiled *compiled = compile->compiled;
	struct policy_label_entry *entry = &compiled->label[compile->number[index]];

	memcpy(entry->uuid, from->uuid, sizeof(entry->uuid));
	entry->place = compile_place(compile, from->place);
	entry->open_place = compile_place(compile, from->open_place);
	entry->is_view_only = from->is_view_only;
	if (compile_copy(from->name, &entry->name) < 0 ||
		compile_copy(from->title, &entry->title) < 0 ||
		compile_copy(from->tenant.text, &entry->tenant) < 0)
		return -ENOMEM;
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		if (origin_fill(compile, index, channel, &entry->origins[channel]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < from->paths.count; i++) {
		struct policy_mark *mark = compile_grow(
			&compiled->marks, &compiled->mark_count, sizeof(*mark));

		if (!mark || compile_copy(from->paths.items[i].text, &mark->pattern) < 0)
			return -ENOMEM;
		mark->bit = compile->number[index];
		mark->place = compile_place(compile, from->paths.items[i].place);
	}
	return 0;
}

static int copy_app(struct compile *compile, size_t index)
{
	const struct policy_app *from = &compile->policy->apps[index];
	struct policy_compiled *compiled = compile->compiled;
	struct policy_app_entry *entry = &compiled->app[index + 1];

	entry->place = compile_place(compile, from->place);
	if (compile_copy(from->name, &entry->name) < 0 ||
		compile_copy(from->title, &entry->title) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < from->paths.count; i++) {
		struct policy_program *program = compile_grow(
			&compiled->programs, &compiled->program_count, sizeof(*program));

		if (!program || compile_copy(from->paths.items[i].text, &program->pattern) < 0)
			return -ENOMEM;
		program->app = (uint32_t)index + 1;
		program->place = compile_place(compile, from->paths.items[i].place);
	}
	return 0;
}

/* Labels that the rules deciding on channel let go to a device. */
static uint64_t device_labels(const struct compile *compile, size_t device, unsigned int channel)
{
	const struct policy *policy = compile->policy;
	uint64_t labels = 0;

	for (size_t i = 0; i < policy->label_count; i++) {
		size_t owner = compile->table.owner[i][channel];
		const struct policy_list *list;

		if (owner == RULE_NONE)
			continue;
		list = &policy->rules[owner].except_devices;
		for (size_t j = 0; j < list->count; j++)
			if (list->items[j].index == device)
				labels |= compile->bit[i];
	}
	return labels;
}

static int copy_device(struct compile *compile, size_t index)
{
	const struct policy_device *from = &compile->policy->devices[index];
	struct policy_compiled *compiled = compile->compiled;
	struct policy_matcher *matcher = compile_grow(
		&compiled->matchers, &compiled->matcher_count, sizeof(*matcher));

	if (!matcher)
		return -ENOMEM;
	memcpy(matcher->vendor, from->vendor, sizeof(matcher->vendor));
	memcpy(matcher->product, from->product, sizeof(matcher->product));
	matcher->allow = device_labels(compile, index, HF_CHANNEL_REMOVABLE);
	matcher->allow_raw = device_labels(compile, index, HF_CHANNEL_RAWDISK);
	if (compile_copy(from->name, &matcher->name) < 0)
		return -ENOMEM;
	return compile_copy(from->serial, &matcher->serial);
}

int compile_tables(struct compile *compile)
{
	const struct policy *policy = compile->policy;
	int r;

	r = copy_files(compile);
	if (r < 0)
		return r;
	compile->compiled->app_count = policy->app_count + 1;
	for (size_t i = 0; i < policy->label_count && r == 0; i++)
		r = copy_label(compile, i);
	for (size_t i = 0; i < policy->app_count && r == 0; i++)
		r = copy_app(compile, i);
	for (size_t i = 0; i < policy->device_count && r == 0; i++)
		r = copy_device(compile, i);
	return r;
}
