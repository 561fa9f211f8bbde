/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the parser: one function per type of value. Each checks value and stores it in field,
 * or adds a problem at the line being read.
 */
#ifndef HOLDFAST_POLICY_VALUES_H
#define HOLDFAST_POLICY_VALUES_H

#include "policy/build.h"

/* Whether name is 1 to POLICY_NAME_MAX of a-z, 0-9 and -, neither first nor last a dash. */
bool value_is_name(const char *name);

/* Whether value, which is not empty, is a domain of at least two names; a problem is added when it is none. */
bool value_is_domain(struct build *build, const char *value);

/*
 * Calls each with the words between commas. A comma at the end of a line is no empty word: the list
 * goes on in the next one.
 */
void value_each_word(struct build *build, void *field, const char *value,
	void (*each)(struct build *build, void *field, char *word));

/* field: char **, freed and replaced; a second call appends after a space (KEY_LONG). */
void value_text(struct build *build, void *field, const char *value);
void value_link(struct build *build, void *field, const char *value);
void value_audience(struct build *build, void *field, const char *value);
void value_domain(struct build *build, void *field, const char *value);
void value_serial(struct build *build, void *field, const char *value);

/* field: uint64_t */
void value_version(struct build *build, void *field, const char *value);

/* One of two words; true for yes. */
void value_choice(
	struct build *build, bool *where, const char *value, const char *yes, const char *no);

/* field: bool */
void value_yes_no(struct build *build, void *field, const char *value);
void value_mode(struct build *build, void *field, const char *value);

/* field: bool, true for no: what is not said is yes */
void value_lease(struct build *build, void *field, const char *value);
/* field: bool, is_wiped */
void value_wipe(struct build *build, void *field, const char *value);
/* field: uint8_t, enum lease_order */
void value_on_revoke(struct build *build, void *field, const char *value);

/* field: uint32_t, seconds: a whole number and s, m, h or d, to POLICY_DURATION_MAX_S. */
void value_duration(struct build *build, void *field, const char *value);

/* field: struct policy_trust */
void value_require(struct build *build, void *field, const char *value);

/* field: uint8_t[16] */
void value_uuid(struct build *build, void *field, const char *value);

/* field: char[5] */
void value_hex_id(struct build *build, void *field, const char *value);

/* field: struct policy_list; names are resolved by check_references(). */
void value_names(struct build *build, void *field, const char *value);
void value_accounts(struct build *build, void *field, const char *value);
void value_break_glass(struct build *build, void *field, const char *value);
void value_services(struct build *build, void *field, const char *value);
void value_labels(struct build *build, void *field, const char *value);
void value_users(struct build *build, void *field, const char *value);
void value_path_label(struct build *build, void *field, const char *value);
void value_path_state(struct build *build, void *field, const char *value);
void value_path_app(struct build *build, void *field, const char *value);

/* One more item, whatever it says, unless it is there already. */
void value_list_add(struct build *build, void *field, const char *value);

/* field: uint64_t of bytes; 500M, 20G, 1T. values_vault.c */
void value_size(struct build *build, void *field, const char *value);

/* field: struct policy_item */
void value_tenant(struct build *build, void *field, const char *value);

/* field: char **: one word; an absolute path */
void value_verify_word(struct build *build, void *field, const char *value);
void value_verify_file(struct build *build, void *field, const char *value);
/* field: struct policy_verify */
void value_verify_ends(struct build *build, void *field, const char *value);

/* field: the whole struct policy_label */
void value_verify(struct build *build, void *field, const char *value);
void value_verify_grace(struct build *build, void *field, const char *value);

/* field: the whole struct policy_label, policy_network, policy_rule or policy */
void value_open_with(struct build *build, void *field, const char *value);
void value_address(struct build *build, void *field, const char *value);
void value_ports(struct build *build, void *field, const char *value);
void value_channels(struct build *build, void *field, const char *value);
void value_action(struct build *build, void *field, const char *value);
void value_include(struct build *build, void *field, const char *value);

/* field: struct policy_list: what they say is looked at at once. */
void value_interfaces(struct build *build, void *field, const char *value);
void value_hosts(struct build *build, void *field, const char *value);

/* field: struct policy_list of domains; uint8_t, 1 << enum browser. values_browser.c */
void value_domains(struct build *build, void *field, const char *value);
void value_browsers(struct build *build, void *field, const char *value);

/* field: the whole struct policy_zone */
void value_gateway(struct build *build, void *field, const char *value);
void value_beacon(struct build *build, void *field, const char *value);

/* field: bool: always or exposed, exposed or all; the whole struct policy_screen. values_screen.c */
void value_screen_when(struct build *build, void *field, const char *value);
void value_screen_record(struct build *build, void *field, const char *value);
void value_screen_hours(struct build *build, void *field, const char *value);

/* field: char **; int8_t; uint8_t, enum watermark_density. values_watermark.c */
void value_watermark_text(struct build *build, void *field, const char *value);
void value_watermark_angle(struct build *build, void *field, const char *value);
void value_watermark_opacity(struct build *build, void *field, const char *value);
void value_watermark_density(struct build *build, void *field, const char *value);

/* field: struct policy_protect; value_protect_seen(): what can be seen and not refused. */
void value_protect(struct build *build, void *field, const char *value);
void value_protect_seen(struct build *build, void *field, const char *value);
/* field: struct policy_protection */
void value_clock_tolerance(struct build *build, void *field, const char *value);

#endif
