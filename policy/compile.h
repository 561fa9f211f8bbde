/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy to what the kernel decides from: the bank of masks, destination prefixes, standing
 * grants, and the tables the agent needs beside it (paths to mark, executables to verify, devices
 * to recognise, rules to name). Pure: bits, user ids and time are the caller's to give.
 */
#ifndef HOLDFAST_POLICY_COMPILE_H
#define HOLDFAST_POLICY_COMPILE_H

#include "policy/policy.h"

/* What the compiler has to ask. */
struct policy_compiler {
	/*
	 * The bit of a label on this device, 0..63, the same for as long as files carry the label.
	 * -ENOSPC when all 64 are taken by live labels. NULL = position in the policy.
	 */
	int (*bit_of_label)(const uint8_t uuid[POLICY_UUID_SIZE], const char *name, void *userdata);
	/*
	 * User ids of a user name or, with is_group, of a group's members. The library frees *ret_uids.
	 * 0, -ENOENT when there is none of that name. NULL = only numeric user ids are known.
	 */
	int (*resolve_user)(const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count,
		void *userdata);
	void *userdata;
};

struct policy_mark {   /* a path to mark with a label: HF_MARK_POLICY */
	char *pattern; /* policy/pattern.h */
	unsigned int bit;
	struct policy_place place;
};

struct policy_program { /* an executable's path */
	char *pattern;
	uint32_t app; /* index in hf_bank.apps, from 1 */
	struct policy_place place;
};

/* A directory in which an application is exempt, or (HF_EXEMPT_CACHE) memory is. */
struct policy_exempt {
	char *pattern;
	uint32_t app;	 /* index in hf_bank.apps, from 1; 0 = all */
	uint32_t kind;	 /* enum hf_exempt */
	uint64_t labels; /* of HF_EXEMPT_STATE all, or HF_EXEMPT_DOCUMENTS */
	size_t rule;	 /* index in declassifys, of HF_EXEMPT_DECLASSIFY */
	struct policy_place place;
};

/* The words of a [declassify]. */
struct policy_declassify_entry {
	char *name;
	char *text; /* NULL = none */
	struct policy_place place;
};

struct policy_vault_entry {
	char *name;
	char *title; /* NULL = none */
	char *path;
	unsigned int bit; /* of its label */
	uint64_t size_bytes;
	struct policy_place place;
};

struct policy_dest {
	struct hf_dest_key key;
	struct hf_dest dest;
};

struct policy_grant {
	struct hf_grant_key key;
	struct hf_grant grant; /* until_ktime_ns UINT64_MAX */
};

/* A device that labels may go to: hf_volume.allow of what matches is the OR of allow. */
struct policy_matcher {
	char *name; /* of the [device] */
	char vendor[5];
	char product[5];
	char *serial;	    /* NULL = any */
	uint64_t allow;	    /* labels, on HF_CHANNEL_REMOVABLE */
	uint64_t allow_raw; /* labels, on HF_CHANNEL_RAWDISK */
};

enum policy_exception {
	POLICY_EXCEPT_APP = 0,
	POLICY_EXCEPT_USER,
	POLICY_EXCEPT_NETWORK,
	POLICY_EXCEPT_DEVICE,
	POLICY_EXCEPT_MAX,
};

/* Who decides for one label on one channel. */
struct policy_origin {
	char *rule; /* name of the [rule]; NULL = a [label] key or the built-in default */
	struct policy_place place; /* of the rule, or of the label */
	enum policy_action action;
	char *text; /* the rule's, else the label's; NULL = none */
	char *link;
	bool is_default; /* no rule names the label on this channel */
	struct policy_place except_places[POLICY_EXCEPT_MAX]; /* line 0 = no such exception */
};

struct policy_label_entry {
	char *name; /* NULL = bit not in use */
	char *title;
	char *tenant;
	uint8_t uuid[POLICY_UUID_SIZE];
	struct policy_place place;
	struct policy_place open_place; /* of open-with; line 0 = absent: any application */
	bool is_view_only;
	uint64_t zones; /* in which it may be read: 1 << position; 0 = everywhere */
	struct policy_place zone_place;
	struct policy_place verify_place; /* of verify; line 0 = absent */
	struct policy_origin origins[HF_CHANNEL_MAX];
};

struct policy_app_entry {
	char *name; /* NULL at HF_APP_UNKNOWN and past app_count */
	char *title;
	struct policy_place place;
};

struct policy_tenant_entry {
	char *name;
	char *title; /* NULL = none, as domain */
	char *domain;
};

struct policy_account {
	char *text;    /* name, @group, *@domain, DOMAIN\* */
	size_t tenant; /* in tenants */
	struct policy_place place;
};

struct policy_audience_entry {
	char *name;
	char *uri;
	size_t tenant; /* in tenants */
	char **apps;   /* names; none = every program */
	size_t app_count;
	uint32_t lifetime_s;
	struct policy_place place;
};

/* Who logs in where, and who gets tickets: policy/login.h. */
struct policy_login_rules {
	struct policy_tenant_entry *tenants;
	size_t tenant_count;
	struct policy_account *accounts;
	size_t account_count;
	int owner; /* in tenants: the device logs in accounts of this one alone; -1 = of all */
	char **break_glass;
	size_t break_glass_count;
	char **except_services;
	size_t except_service_count;
	char *contact; /* NULL = none */
	struct policy_audience_entry *audiences;
	size_t audience_count;
	struct policy_place place, owner_place;
};

/* What browsers of this device may sign in to. */
struct policy_browser_rules {
	uint8_t browsers; /* 1 << enum browser; 0 = the policy says nothing of them */
	char **domains;
	size_t domain_count; /* at most BROWSER_DOMAIN_MAX */
};

/* Labels that are verified by the same means and for the same time. */
struct policy_verify_slot {
	uint64_t labels;
	uint32_t grace_s;
	uint8_t methods; /* 1 << enum verify_method: any of them */
};

#define POLICY_VERIFY_EXCEPT_MAX 1024

struct policy_verification {
	uint64_t labels; /* of all slots; 0 = nobody is asked */
	struct policy_verify_slot slots[POLICY_VERIFY_SLOTS];
	uint8_t methods; /* of all labels */
	uint8_t ends;	 /* 1 << enum verify_cause */
	uint32_t idle_s;
	bool drops_keys;       /* of these labels, while nobody has verified */
	uint32_t *except_uids; /* who never verify */
	size_t except_count;
	char *page_issuer; /* NULL = not given, as the rest */
	char *page_client;
	char *page_claim;
	char *page_domain;
	char *page_ca;
};

struct policy_compiled {
	char *name;
	uint64_t version;
	struct hf_bank bank;   /* serial = version; dest_slot 0: the sensor sets it */
	struct hf_gates gates; /* rehearse, protection; shut is 0 */
	bool is_self_given;    /* the policy says how the agent guards itself */
	uint64_t labels;       /* every bit in use */
	uint64_t view_only;
	uint64_t wiped;	   /* labels whose files go when the device is wiped */
	uint8_t on_revoke; /* enum lease_order */
	uint64_t leased;   /* labels that open only while the device is trusted */
	uint32_t lease_s;  /* how long the console's word lasts; 0 = nothing hangs on it */
	struct policy_place trust_place; /* of [trust] */
	struct policy_verification verification;
	struct policy_place screen_place;  /* of [screen]; line 0 = no such section */
	struct policy_place capture_place; /* of capture-apps; line 0 = none */
	uint16_t capture_from_min;	   /* hours of capture-apps, in minutes of the day; */
	uint16_t capture_until_min;	   /* 0 = at all hours */
	struct posture require; /* what must hold of the device, else it is not trusted */
	struct policy_place require_place;	       /* line 0 = nothing */
	struct policy_label_entry label[HF_LABEL_MAX]; /* by bit */
	struct policy_app_entry app[HF_APP_MAX];       /* by index in the bank */
	size_t app_count; /* HF_APP_UNKNOWN counted: valid indexes are below */
	struct policy_dest *dests;
	size_t dest_count; /* at most HF_DEST_MAX */
	struct policy_grant *grants;
	size_t grant_count; /* at most HF_GRANT_MAX */
	struct policy_mark *marks;
	size_t mark_count;
	struct policy_program *programs;
	size_t program_count;
	struct policy_matcher *matchers;
	size_t matcher_count;
	struct policy_exempt *exempts;
	size_t exempt_count;
	struct policy_declassify_entry *declassifys;
	size_t declassify_count;
	struct policy_login_rules login;
	struct policy_browser_rules browser;
	struct watermark_rules watermark; /* without a section: no text, not blind */
	struct policy_zone *zones;	  /* as written, in the policy's order: policy/zone.h */
	size_t zone_count;
	struct policy_service *services;
	size_t service_count;
	uint64_t services_rehearsed; /* 1 << position */
	struct policy_vault_entry *vaults;
	size_t vault_count;
	uint32_t
		vault_app; /* index of POLICY_VAULT_APP in the bank; HF_APP_UNKNOWN without vaults */
	char **files;	   /* places point in here */
	size_t file_count;
};

/*
 * Closed by default: a channel without a rule, and bits of labels that this policy does not know
 * (files may carry them still), are block. A label's files written locally inherit it on every
 * action but allow, so that an exception or a justified warning does not shed the label.
 *
 * The result borrows nothing from policy, which may be freed before it.
 * 0: *ret_compiled is the caller's, policy_compiled_free() it.
 * -EBADMSG: problems says what does not fit or is not known (users, ports per prefix, prefixes).
 * -ENOSPC: no bit left for a label; problems says which. -ENOMEM.
 */
int policy_compile(const struct policy *policy, const struct policy_compiler *compiler,
	struct policy_problems *problems, struct policy_compiled **ret_compiled);

/* Accepts NULL and half-built ones. */
void policy_compiled_free(struct policy_compiled *compiled);
CLEANUP_DEFINE(struct policy_compiled, policy_compiled_free)

/* Labels that may go to a device by what udev says of it. serial may be NULL. */
uint64_t policy_device_allow(const struct policy_compiled *compiled, unsigned int channel,
	const char *vendor, const char *product, const char *serial);

/* HF_APP_UNKNOWN when no profile has this executable path. */
uint32_t policy_app_of_path(const struct policy_compiled *compiled, const char *path);

/* HF_APP_UNKNOWN when there is none of that name. */
uint32_t policy_app_of_name(const struct policy_compiled *compiled, const char *name);

/* Labels a file at this path carries by its place, its directories' counted. */
uint64_t policy_labels_of_path(const struct policy_compiled *compiled, const char *path);

/*
 * The first exemption of the kind that app has at path for one of labels; NULL when there is none.
 */
const struct policy_exempt *policy_exempt_of_path(const struct policy_compiled *compiled,
	uint32_t kind, uint32_t app, uint64_t labels, const char *path);

/* Bit of a label, or -ENOENT. */
int policy_label_of_name(const struct policy_compiled *compiled, const char *name);

#endif
