/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules by which devices are approved when they enrol, or say what they are, without a person. A rule is
 * a text of lines "NAME=VALUE", all of which must hold: host (a pattern), owner, network (CIDR), or a
 * fact of device_record.h; "serials=N" is the last, and N lines with serial numbers follow, one of
 * which must be the device's. What a device says of itself is its own word.
 */
#ifndef HOLDFAST_CONSOLE_STORE_RULE_H
#define HOLDFAST_CONSOLE_STORE_RULE_H

#include "console/store/device_record.h"
#include "console/store/store.h"

#define RULE_NAME_SIZE	   64
#define RULE_VALUE_SIZE	   128
#define RULE_CONDITION_MAX 16
#define RULE_TEXT_MAX	   (512 << 10) /* bytes: some 40,000 serial numbers */
#define RULES_MAX	   32

enum rule_kind { RULE_HOST, RULE_OWNER, RULE_NETWORK, RULE_FACT };

struct rule_condition {
	enum rule_kind kind;
	enum device_fact fact; /* FACT: which */
	char value[RULE_VALUE_SIZE];
	uint8_t network[16]; /* NETWORK: IPv4 mapped */
	unsigned int prefix; /* its bits of 128 */
};

struct rule {
	unsigned int count;
	struct rule_condition conditions[RULE_CONDITION_MAX];
	bool has_serials;
	unsigned int serial_count;
	const char *serials; /* lines, in the text: borrowed */
};

struct rule_subject {
	const struct store_device *device;
	const char *address;
	const struct device_record *record;
};

/* Lower case letters, digits, '-', '_', '.'; not empty. */
bool rule_is_name(const char *name);
/* text ends with NUL. -EBADMSG: what is wrong is in *ret_why, static. */
int rule_parse(const char *text, struct rule *ret_rule, const char **ret_why);
bool rule_matches(const struct rule *rule, const struct rule_subject *subject);

/* -EEXIST, -E2BIG when there are as many as there may be. The text was parsed before. */
int rule_add(struct store *store, const char *name, const char *text);
/* -ENOENT */
int rule_remove(struct store *store, const char *name);
/* The names, with newlines behind; "" = none. */
int rule_names(struct store *store, char ret_names[RULES_MAX * RULE_NAME_SIZE]);
/* The text of one, borrowed until the next call here. */
int rule_text(struct store *store, const char *name, const char **ret_text);
/* Approves a pending device when one fits: 1, and 0 when none does; in a transaction. */
int rule_approve(struct store *store, const struct rule_subject *subject);

#endif
