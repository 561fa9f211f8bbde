/* SPDX-License-Identifier: Apache-2.0 */
/* [vault]: folders that can be one, each once. */
#include <string.h>

#include "policy/build.h"
#include "policy/pattern.h"

#define problem(build, place, ...) policy_problems_add((build)->problems, (place), __VA_ARGS__)

static bool is_within(const char *a, const char *b)
{
	return policy_pattern_covers(a, b) || policy_pattern_covers(b, a);
}

/* One directory is encrypted with one key. */
static void check_others(struct build *build, const struct policy_vault *vault, size_t before)
{
	const struct policy_item *path = &vault->paths.items[0];

	for (size_t i = 0; i < before; i++) {
		const struct policy_vault *other = &build->policy->vaults[i];

		if (other->paths.count && is_within(other->paths.items[0].text, path->text))
			problem(build, &path->place, NULL,
				"path '%.120s' overlaps with that of [vault %s] (%s:%u): expected "
				"folders apart from each other",
				path->text, other->name, other->paths.items[0].place.file,
				other->paths.items[0].place.line);
	}
}

/* What is there of an application's own is not for the label's key. */
static void check_settings(struct build *build, const struct policy_item *path)
{
	const struct policy *policy = build->policy;

	for (size_t i = 0; i < policy->app_count; i++)
		for (size_t j = 0; j < policy->apps[i].states.count; j++)
			if (is_within(policy->apps[i].states.items[j].text, path->text))
				problem(build, &path->place, NULL,
					"path '%.120s' overlaps with a state of [app %s] (%s:%u): "
					"it would carry the label",
					path->text, policy->apps[i].name,
					policy->apps[i].states.items[j].place.file,
					policy->apps[i].states.items[j].place.line);
}

static void check_apps(struct build *build)
{
	const struct policy *policy = build->policy;

	if (policy->app_count == POLICY_APP_MAX)
		problem(build, &policy->vaults[0].place, NULL,
			"too many applications: with a [vault], expected at most %d",
			POLICY_APP_MAX - 1);
	for (size_t i = 0; i < policy->app_count; i++)
		if (!strcmp(policy->apps[i].name, POLICY_VAULT_APP))
			problem(build, &policy->apps[i].place, NULL,
				"[app " POLICY_VAULT_APP "] is the agent's own beside a [vault]: "
				"expected another name");
}

void check_vaults(struct build *build)
{
	const struct policy *policy = build->policy;

	if (policy->vault_count)
		check_apps(build);
	for (size_t i = 0; i < policy->vault_count; i++) {
		const struct policy_vault *vault = &policy->vaults[i];
		const struct policy_item *path = vault->paths.items;

		if (!vault->paths.count)
			continue;
		if (policy_pattern_has_wildcard(path->text)) {
			problem(build, &path->place, NULL,
				"path '%.120s': expected one folder, without * and ?", path->text);
			continue;
		}
		check_others(build, vault, i);
		check_settings(build, path);
	}
}
