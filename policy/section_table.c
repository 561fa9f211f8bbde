/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/section_table.h"

#include "policy/values.h"

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

const struct section policy_sections[SECTION_MAX] = {
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
