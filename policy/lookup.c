/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a compiled policy: by path, by name, by device. Prototypes in compile.h.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "policy/compile.h"
#include "policy/pattern.h"

uint64_t policy_device_allow(const struct policy_compiled *compiled, unsigned int channel,
	const char *vendor, const char *product, const char *serial)
{
	uint64_t allow = 0;

	for (size_t i = 0; i < compiled->matcher_count; i++) {
		const struct policy_matcher *matcher = &compiled->matchers[i];

		if (strcasecmp(matcher->vendor, vendor) || strcasecmp(matcher->product, product))
			continue;
		if (matcher->serial && (!serial || strcmp(matcher->serial, serial)))
			continue;
		if (channel == HF_CHANNEL_REMOVABLE)
			allow |= matcher->allow;
		else if (channel == HF_CHANNEL_RAWDISK)
			allow |= matcher->allow_raw;
	}
	return allow;
}

uint32_t policy_app_of_path(const struct policy_compiled *compiled, const char *path)
{
	for (size_t i = 0; i < compiled->program_count; i++)
		if (policy_pattern_matches(compiled->programs[i].pattern, path))
			return compiled->programs[i].app;
	return HF_APP_UNKNOWN;
}

uint32_t policy_app_of_name(const struct policy_compiled *compiled, const char *name)
{
	for (uint32_t i = 1; i < compiled->app_count; i++)
		if (!strcmp(compiled->app[i].name, name))
			return i;
	return HF_APP_UNKNOWN;
}

uint64_t policy_labels_of_path(const struct policy_compiled *compiled, const char *path)
{
	uint64_t labels = 0;

	for (size_t i = 0; i < compiled->mark_count; i++)
		if (policy_pattern_covers(compiled->marks[i].pattern, path))
			labels |= UINT64_C(1) << compiled->marks[i].bit;
	return labels;
}

const struct policy_exempt *policy_exempt_of_path(const struct policy_compiled *compiled,
	uint32_t kind, uint32_t app, uint64_t labels, const char *path)
{
	for (size_t i = 0; i < compiled->exempt_count; i++) {
		const struct policy_exempt *exempt = &compiled->exempts[i];

		if (exempt->kind == kind && exempt->app == app && exempt->labels & labels &&
			policy_pattern_covers(exempt->pattern, path))
			return exempt;
	}
	return NULL;
}

int policy_label_of_name(const struct policy_compiled *compiled, const char *name)
{
	for (int i = 0; i < HF_LABEL_MAX; i++)
		if (compiled->label[i].name && !strcmp(compiled->label[i].name, name))
			return i;
	return -ENOENT;
}
