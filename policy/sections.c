/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sections and keys there are. Turns headings and pairs into calls of values.c; owns unknown,
 * repeated, missing and misplaced ones.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/build.h"
#include "policy/values.h"
#include "policy/words.h"

#define WORDS_MAX 256 /* bytes of a list of valid words */

#define FIELD(type, member) offsetof(struct policy_##type, member)

static const struct section_key policy_keys[] = {
	{"name", value_text, offsetof(struct policy, name), KEY_LONG},
	{"version", value_version, offsetof(struct policy, version), 0},
	{"include", value_include, 0, KEY_REPEATS},
	{0},
};

static const struct section_key tenant_keys[] = {
	{"title", value_text, FIELD(tenant, title), KEY_LONG},
	{"domain", value_domain, FIELD(tenant, domain), 0},
	{"account", value_accounts, FIELD(tenant, accounts), KEY_REPEATS},
	{0},
};

static const struct section_key label_keys[] = {
	{"tenant", value_tenant, FIELD(label, tenant), KEY_REQUIRED},
	{"id", value_uuid, FIELD(label, uuid), 0},
	{"title", value_text, FIELD(label, title), KEY_LONG},
	{"path", value_path_label, FIELD(label, paths), KEY_REPEATS},
	{"open-with", value_open_with, 0, KEY_REPEATS},
	{"view-only", value_yes_no, FIELD(label, is_view_only), 0},
	{"mode", value_mode, FIELD(label, is_rehearsed), 0},
	{"lease", value_lease, FIELD(label, needs_no_lease), 0},
	{"wipe", value_wipe, FIELD(label, is_wiped), 0},
	{"zone", value_names, FIELD(label, zones), KEY_REPEATS},
	{"verify", value_verify, 0, KEY_REPEATS},
	{"verify-grace", value_verify_grace, 0, 0},
	{"text", value_text, FIELD(label, text), KEY_LONG},
	{"link", value_link, FIELD(label, link), 0},
	{0},
};

static const struct section_key app_keys[] = {
	{"title", value_text, FIELD(app, title), KEY_LONG},
	{"path", value_path_app, FIELD(app, paths), KEY_REPEATS | KEY_REQUIRED},
	{"raw-disk", value_yes_no, FIELD(app, may_read_raw_disk), 0},
	{"carrier", value_yes_no, FIELD(app, is_carrier), 0},
	{"message-bus", value_yes_no, FIELD(app, is_message_bus), 0},
	{"service-manager", value_yes_no, FIELD(app, is_service_manager), 0},
	{"print-service", value_yes_no, FIELD(app, is_print_service), 0},
	{"forgets", value_yes_no, FIELD(app, forgets), 0},
	{"state", value_path_state, FIELD(app, states), KEY_REPEATS},
	{"documents", value_path_state, FIELD(app, documents), KEY_REPEATS},
	{0},
};

static const struct section_key network_keys[] = {
	{"address", value_address, 0, KEY_REPEATS | KEY_REQUIRED},
	{"port", value_ports, 0, KEY_REPEATS},
	{0},
};

static const struct section_key device_keys[] = {
	{"vendor", value_hex_id, FIELD(device, vendor), KEY_REQUIRED},
	{"product", value_hex_id, FIELD(device, product), KEY_REQUIRED},
	{"serial", value_serial, FIELD(device, serial), 0},
	{0},
};

static const struct section_key rule_keys[] = {
	{"label", value_labels, FIELD(rule, labels), KEY_REPEATS | KEY_REQUIRED},
	{"channel", value_channels, 0, KEY_REPEATS | KEY_REQUIRED},
	{"action", value_action, 0, KEY_REQUIRED},
	{"except-app", value_names, FIELD(rule, except_apps), KEY_REPEATS},
	{"except-user", value_users, FIELD(rule, except_users), KEY_REPEATS},
	{"except-network", value_names, FIELD(rule, except_networks), KEY_REPEATS},
	{"except-device", value_names, FIELD(rule, except_devices), KEY_REPEATS},
	{"text", value_text, FIELD(rule, text), KEY_LONG},
	{"link", value_link, FIELD(rule, link), 0},
	{0},
};

static const struct section_key declassify_keys[] = {
	{"label", value_names, FIELD(declassify, labels), KEY_REPEATS | KEY_REQUIRED},
	{"app", value_names, FIELD(declassify, apps), KEY_REPEATS | KEY_REQUIRED},
	{"path", value_path_label, FIELD(declassify, paths), KEY_REPEATS | KEY_REQUIRED},
	{"text", value_text, FIELD(declassify, text), KEY_LONG},
	{0},
};

static const struct section_key cache_keys[] = {
	{"title", value_text, FIELD(cache, title), 0},
	{"path", value_path_state, FIELD(cache, paths), KEY_REPEATS | KEY_REQUIRED},
	{0},
};

static const struct section_key zone_keys[] = {
	{"title", value_text, FIELD(zone, title), KEY_LONG},
	{"address", value_address, FIELD(zone, addresses), KEY_REPEATS},
	{"gateway", value_gateway, 0, KEY_REPEATS},
	{"dns-suffix", value_hosts, FIELD(zone, suffixes), KEY_REPEATS},
	{"vpn", value_interfaces, FIELD(zone, vpns), KEY_REPEATS},
	{"beacon", value_beacon, 0, KEY_REPEATS},
	{0},
};

static const struct section_key service_keys[] = {
	{"title", value_text, FIELD(service, title), KEY_LONG},
	{"address", value_address, FIELD(service, where), KEY_REPEATS},
	{"name", value_hosts, FIELD(service, names), KEY_REPEATS},
	{"port", value_ports, FIELD(service, where), KEY_REPEATS},
	{"zone", value_names, FIELD(service, zones), KEY_REPEATS | KEY_REQUIRED},
	{"mode", value_mode, FIELD(service, is_rehearsed), 0},
	{"text", value_text, FIELD(service, text), KEY_LONG},
	{"link", value_link, FIELD(service, link), 0},
	{0},
};

static const struct section_key vault_keys[] = {
	{"title", value_text, FIELD(vault, title), 0},
	{"path", value_path_label, FIELD(vault, paths), KEY_REQUIRED},
	{"label", value_tenant, FIELD(vault, label), KEY_REQUIRED}, /* a name, as of a tenant */
	{"size", value_size, FIELD(vault, size_bytes), 0},
	{0},
};

#define PROTECT(kind) offsetof(struct policy, protection.protect[HF_PROTECTION_##kind])

static const struct section_key protection_keys[] = {
	{"self", value_protect, PROTECT(SELF), 0},
	{"modules", value_protect, PROTECT(MODULES), 0},
	{"kexec", value_protect, PROTECT(KEXEC), 0},
	{"raw-disk", value_protect, PROTECT(DISK), 0},
	{"clock", value_protect, PROTECT(CLOCK), 0},
	{"clock-tolerance", value_clock_tolerance, offsetof(struct policy, protection), 0},
	{"tracing", value_protect, PROTECT(TRACING), 0},
	{"bpf", value_protect, PROTECT(BPF), 0},
	{"swap", value_protect_seen, PROTECT(SWAP), 0},
	{0},
};

static const struct section_key trust_keys[] = {
	{"lease", value_duration, offsetof(struct policy, trust.lease_s), KEY_REQUIRED},
	{"on-revoke", value_on_revoke, offsetof(struct policy, trust.on_revoke), 0},
	{"require", value_require, offsetof(struct policy, trust), KEY_REPEATS},
	{0},
};

static const struct section_key login_keys[] = {
	{"device-of", value_tenant, offsetof(struct policy, login.device_of), 0},
	{"break-glass", value_break_glass, offsetof(struct policy, login.break_glass), KEY_REPEATS},
	{"except-service", value_services, offsetof(struct policy, login.except_services),
		KEY_REPEATS},
	{"contact", value_text, offsetof(struct policy, login.contact), KEY_LONG},
	{0},
};

static const struct section_key browser_keys[] = {
	{"sign-in-domain", value_domains, offsetof(struct policy, browser.domains),
		KEY_REPEATS | KEY_REQUIRED},
	{"browser", value_browsers, offsetof(struct policy, browser.browsers), KEY_REPEATS},
	{0},
};

static const struct section_key audience_keys[] = {
	{"uri", value_audience, FIELD(audience, uri), KEY_REQUIRED},
	{"tenant", value_tenant, FIELD(audience, tenant), KEY_REQUIRED},
	{"app", value_names, FIELD(audience, apps), KEY_REPEATS},
	{"lifetime", value_duration, FIELD(audience, lifetime_s), 0},
	{0},
};

#define SCREEN(member) offsetof(struct policy, screen.member)

static const struct section_key screen_keys[] = {
	{"when", value_screen_when, SCREEN(is_always), 0},
	{"record", value_screen_record, SCREEN(records_exposed_only), 0},
	{"capture-apps", value_names, SCREEN(apps), KEY_REPEATS},
	{"hours", value_screen_hours, offsetof(struct policy, screen), 0},
	{0},
};

#define WATERMARK(member) offsetof(struct policy, watermark.rules.member)

static const struct section_key watermark_keys[] = {
	{"text", value_watermark_text, WATERMARK(text), KEY_LONG},
	{"angle", value_watermark_angle, WATERMARK(angle), 0},
	{"density", value_watermark_density, WATERMARK(density), 0},
	{"opacity", value_watermark_opacity, WATERMARK(opacity), 0},
	{"blind", value_yes_no, WATERMARK(is_blind), 0},
	{0},
};

#define VERIFY(member) offsetof(struct policy, verify.member)

static const struct section_key verify_keys[] = {
	{"ends", value_verify_ends, offsetof(struct policy, verify), KEY_REPEATS},
	{"idle", value_duration, VERIFY(idle_s), 0},
	{"except-user", value_users, VERIFY(except_users), KEY_REPEATS},
	{"drop-keys", value_yes_no, VERIFY(drops_keys), 0},
	{"page-issuer", value_link, VERIFY(page_issuer), 0},
	{"page-client", value_verify_word, VERIFY(page_client), 0},
	{"page-claim", value_verify_word, VERIFY(page_claim), 0},
	{"page-domain", value_domain, VERIFY(page_domain), 0},
	{"page-ca", value_verify_file, VERIFY(page_ca), 0},
	{0},
};

#define ARRAY(member, type, limit)                                                                 \
	offsetof(struct policy, member##s), offsetof(struct policy, member##_count), sizeof(type), \
		offsetof(type, name), offsetof(type, place), limit

static const struct section {
	const char *name;
	const struct section_key *keys;
	size_t array; /* offsets in struct policy, then in the item */
	size_t count;
	size_t size;
	size_t item_name;
	size_t item_place;
	size_t limit;
} sections[SECTION_MAX] = {
	[SECTION_POLICY] = {.name = "policy", .keys = policy_keys},
	[SECTION_PROTECTION] = {.name = "protection",
		.keys = protection_keys,
		.item_place = offsetof(struct policy, protection.place)},
	[SECTION_TRUST] = {.name = "trust",
		.keys = trust_keys,
		.item_place = offsetof(struct policy, trust.place)},
	[SECTION_LOGIN] = {.name = "login",
		.keys = login_keys,
		.item_place = offsetof(struct policy, login.place)},
	[SECTION_BROWSER] = {.name = "browser",
		.keys = browser_keys,
		.item_place = offsetof(struct policy, browser.place)},
	[SECTION_SCREEN] = {.name = "screen",
		.keys = screen_keys,
		.item_place = offsetof(struct policy, screen.place)},
	[SECTION_WATERMARK] = {.name = "watermark",
		.keys = watermark_keys,
		.item_place = offsetof(struct policy, watermark.place)},
	[SECTION_VERIFY] = {.name = "verify",
		.keys = verify_keys,
		.item_place = offsetof(struct policy, verify.place)},
	[SECTION_TENANT] = {"tenant", tenant_keys,
		ARRAY(tenant, struct policy_tenant, POLICY_TENANT_MAX)},
	[SECTION_LABEL] = {"label", label_keys,
		ARRAY(label, struct policy_label, POLICY_LABEL_MAX)},
	[SECTION_APP] = {"app", app_keys, ARRAY(app, struct policy_app, POLICY_APP_MAX)},
	[SECTION_NETWORK] = {"network", network_keys,
		ARRAY(network, struct policy_network, POLICY_NETWORK_MAX)},
	[SECTION_DEVICE] = {"device", device_keys,
		ARRAY(device, struct policy_device, POLICY_DEVICE_MAX)},
	[SECTION_RULE] = {"rule", rule_keys, ARRAY(rule, struct policy_rule, POLICY_RULE_MAX)},
	[SECTION_DECLASSIFY] = {"declassify", declassify_keys,
		ARRAY(declassify, struct policy_declassify, POLICY_DECLASSIFY_MAX)},
	[SECTION_CACHE] = {"cache", cache_keys,
		ARRAY(cache, struct policy_cache, POLICY_CACHE_MAX)},
	[SECTION_VAULT] = {"vault", vault_keys,
		ARRAY(vault, struct policy_vault, POLICY_VAULT_MAX)},
	[SECTION_AUDIENCE] = {"audience", audience_keys,
		ARRAY(audience, struct policy_audience, POLICY_AUDIENCE_MAX)},
	[SECTION_ZONE] = {"zone", zone_keys, ARRAY(zone, struct policy_zone, POLICY_ZONE_MAX)},
	[SECTION_SERVICE] = {"service", service_keys,
		ARRAY(service, struct policy_service, HF_SERVICE_MAX)},
};

void *build_grow(struct build *build, void *array_of_items, size_t *count, size_t item_size)
{
	void *items;
	char *item;

	memcpy(&items, array_of_items, sizeof(items));
	items = realloc(items, (*count + 1) * item_size);
	if (!items) {
		build->r = -ENOMEM;
		return NULL;
	}
	memcpy(array_of_items, &items, sizeof(items));
	item = (char *)items + *count * item_size;
	memset(item, 0, item_size);
	(*count)++;
	return item;
}

static void *array_of(struct build *build, const struct section *section)
{
	return (char *)build->policy + section->array;
}

static char *item_at(struct build *build, const struct section *section, size_t index)
{
	char *items;

	memcpy(&items, array_of(build, section), sizeof(items));
	return items + index * section->size;
}

/* The struct that the keys' offsets are of. */
static char *current(struct build *build)
{
	if (build->section <= SECTION_VERIFY)
		return (char *)build->policy;
	return item_at(build, &sections[build->section], build->index);
}

/* -ENOENT, or the place of an item of this name already there. */
static int find_item(struct build *build, const struct section *section, const char *name,
	struct policy_place *ret_place)
{
	size_t count;

	memcpy(&count, (char *)build->policy + section->count, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		const char *item = item_at(build, section, i);
		const char *known;

		memcpy(&known, item + section->item_name, sizeof(known));
		if (strcmp(known, name))
			continue;
		memcpy(ret_place, item + section->item_place, sizeof(*ret_place));
		return 0;
	}
	return -ENOENT;
}

static void note_broken(struct build *build, enum section_kind kind, size_t index)
{
	if (build->broken_count == POLICY_PROBLEM_MAX)
		return; /* what follows from it is not kept either */
	build->broken[build->broken_count].kind = kind;
	build->broken[build->broken_count++].index = index;
}

bool build_is_broken(const struct build *build, enum section_kind kind, size_t index)
{
	for (size_t i = 0; i < build->broken_count; i++)
		if (build->broken[i].kind == kind &&
			(index == POLICY_INDEX_ALL || build->broken[i].index == index))
			return true;
	return false;
}

static size_t problem_count(const struct build *build)
{
	return build->problems->count + build->problems->left_out;
}

static enum section_kind kind_of(struct build *build, const char *kind)
{
	const char *words[SECTION_MAX] = {0}, *nearest;

	for (size_t i = SECTION_POLICY; i < SECTION_MAX; i++) {
		if (!strcmp(sections[i].name, kind))
			return (enum section_kind)i;
		words[i] = sections[i].name;
	}
	nearest = policy_word_nearest(kind, words, SECTION_MAX);
	build_problem(build, nearest,
		"unknown section [%.40s]: expected policy, protection, trust, login, browser, "
		"screen, watermark, verify, tenant, label, app, network, device, rule, declassify, "
		"cache, "
		"audience, "
		"zone, "
		"service or vault",
		kind);
	for (size_t i = SECTION_POLICY; nearest && i < SECTION_MAX; i++)
		if (!strcmp(sections[i].name, nearest))
			note_broken(build, (enum section_kind)i, POLICY_INDEX_NONE);
	return SECTION_NONE;
}

static void begin_policy(struct build *build, const char *name)
{
	if (*name)
		build_problem(build, "[policy]", "[policy] has no name: write 'name =' below it");
	if (build->policy_place.line) {
		build_problem(build, NULL, "second [policy]: the first is in line %u",
			build->policy_place.line);
		return;
	}
	build->policy_place = build->place;
	if (build->place.file_order == 0)
		build->policy->place = build->place;
	build->section = SECTION_POLICY;
}

/* Of those without a name there is one in the whole policy. */
static void begin_single(struct build *build, enum section_kind kind, const char *name)
{
	const struct section *section = &sections[kind];
	char *where = (char *)build->policy + section->item_place;
	struct policy_place known;

	memcpy(&known, where, sizeof(known));
	if (*name)
		build_problem(build, NULL, "[%s %.40s]: [%s] has no name", section->name, name,
			section->name);
	if (known.line) {
		build_problem(build, NULL, "second [%s]: the first is at %s:%u", section->name,
			known.file, known.line);
		return;
	}
	memcpy(where, &build->place, sizeof(build->place));
	build->section = kind;
}

static void begin_item(struct build *build, enum section_kind kind, const char *name)
{
	const struct section *section = &sections[kind];
	size_t *count = (size_t *)(void *)((char *)build->policy + section->count);
	struct policy_place known;
	char *item, *copy;

	if (!value_is_name(name)) {
		build_problem(build, *name ? "letters a to z, digits and dashes" : NULL,
			*name ? "[%s %.40s]: expected a name of at most %d of a-z, 0-9 and -"
			      : "[%s%.40s] without a name: expected a name of at most %d of a-z, "
				"0-9 and -",
			section->name, name, POLICY_NAME_MAX);
		return;
	}
	if (kind == SECTION_APP && !strcmp(name, "none")) {
		build_problem(build, NULL, "[app none]: 'none' means no application in open-with");
		return;
	}
	if (find_item(build, section, name, &known) == 0) {
		build_problem(build, NULL, "second [%s %s]: the first is at %s:%u", section->name,
			name, known.file, known.line);
		return;
	}
	if (*count >= section->limit) {
		build_problem(build, NULL, "too many [%s]: expected at most %zu in one policy",
			section->name, section->limit);
		return;
	}
	copy = strdup(name);
	if (!copy) {
		build->r = -ENOMEM;
		return;
	}
	item = build_grow(build, array_of(build, section), count, section->size);
	if (!item) {
		free(copy);
		return;
	}
	memcpy(item + section->item_name, &copy, sizeof(copy));
	memcpy(item + section->item_place, &build->place, sizeof(build->place));
	build->index = *count - 1;
	build->section = kind;
}

void section_begin(void *userdata, const char *kind, const char *name, unsigned int line)
{
	struct build *build = userdata;
	enum section_kind found;

	section_end(build);
	build->place.line = line;
	build->index = 0;
	build->problems_before = problem_count(build);
	found = kind_of(build, kind);
	if (found == SECTION_POLICY)
		begin_policy(build, name);
	else if (found >= SECTION_PROTECTION && found <= SECTION_VERIFY)
		begin_single(build, found, name);
	else if (found != SECTION_NONE)
		begin_item(build, found, name);
	if (build->section != SECTION_NONE)
		return;
	if (found != SECTION_NONE)
		note_broken(build, found, POLICY_INDEX_NONE);
	section_lost(build);
}

void section_lost(void *userdata)
{
	struct build *build = userdata;

	section_end(build);
	build->section = SECTION_MAX; /* keys below are not reported one by one */
}

void section_end(struct build *build)
{
	struct policy_place place;
	const struct section *section;

	if (build->section > SECTION_POLICY && build->section < SECTION_MAX) {
		section = &sections[build->section];
		memcpy(&place, current(build) + section->item_place, sizeof(place));
		for (size_t i = 0; section->keys[i].name; i++)
			if (section->keys[i].flags & KEY_REQUIRED && !build->lines[i])
				policy_problems_add(build->problems, &place, section->keys[i].name,
					"[%s] without '%s': expected the key below this heading",
					section->name, section->keys[i].name);
		if (problem_count(build) != build->problems_before)
			note_broken(build, build->section, build->index);
	}
	build->section = SECTION_NONE;
	build->key = NULL;
	memset(build->lines, 0, sizeof(build->lines));
}

static void unknown_key(struct build *build, const struct section *section, const char *key)
{
	const char *words[BUILD_KEY_MAX];
	char list[WORDS_MAX] = "";
	size_t count = 0, used = 0;

	for (; section->keys[count].name; count++) {
		int size = snprintf(list + used, sizeof(list) - used, "%s%s", count ? ", " : "",
			section->keys[count].name);

		used += (size_t)size; /* all names of a section fit */
		words[count] = section->keys[count].name;
	}
	build_problem(build, policy_word_nearest(key, words, count),
		"unknown key '%.40s' in [%s]: expected %s", key, section->name, list);
}

static const struct section_key *find_key(
	struct build *build, const struct section *section, const char *name)
{
	const struct section_key *key = NULL;

	for (size_t i = 0; section->keys[i].name; i++)
		if (!strcmp(section->keys[i].name, name))
			key = &section->keys[i];
	if (!key) {
		unknown_key(build, section, name);
		return NULL;
	}
	if (build->lines[key - section->keys] && !(key->flags & KEY_REPEATS)) {
		build_problem(build, NULL, "second '%s' in this section: the first is in line %u",
			name, build->lines[key - section->keys]);
		return NULL;
	}
	if (section->keys == policy_keys && key->set != value_include &&
		build->place.file_order > 0) {
		build_problem(build, "include",
			"'%s' in an included file: only the first file names the policy", name);
		return NULL;
	}
	return key;
}

static bool is_continuation_of_key(struct build *build, const char *value)
{
	size_t word = strcspn(value, " \t=");
	size_t equals = word + strspn(value + word, " \t");

	if (!build->key)
		return false; /* its key was wrong, and is reported */
	if (!(build->key->flags & (KEY_REPEATS | KEY_LONG))) {
		build_problem(build, "start the line without a space",
			"indented line continues '%s', which takes one value", build->key->name);
		return false;
	}
	if (*value == '[' || (build->key->flags & KEY_REPEATS && value[equals] == '=')) {
		build_problem(build, "start the line without a space",
			"indented line continues '%s': expected more of its value",
			build->key->name);
		return false;
	}
	return true;
}

void section_value(void *userdata, const char *key, const char *value, unsigned int line)
{
	struct build *build = userdata;
	const struct section *section;

	build->place.line = line;
	if (build->section == SECTION_MAX)
		return;
	if (build->section == SECTION_NONE) {
		build_problem(
			build, "[policy]", "'%.40s' before the first heading", key ? key : value);
		return;
	}
	section = &sections[build->section];
	if (key) {
		build->key = find_key(build, section, key);
		if (build->key && !build->lines[build->key - section->keys])
			build->lines[build->key - section->keys] = line;
	} else if (!is_continuation_of_key(build, value)) {
		return;
	}
	if (!build->key)
		return;
	if (!*value) {
		build_problem(build, "the first value stands behind the =", "'%s' without a value",
			build->key->name);
		return;
	}
	build->key->set(build, current(build) + build->key->offset, value);
}
