/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as its author wrote it: tenants, labels, applications, networks, devices and rules,
 * each with the place it stands at. holdfast-policy(5) is the language. A struct policy that
 * policy_parse() returned is free of errors: every reference resolves, no rule contradicts another.
 */
#ifndef HOLDFAST_POLICY_POLICY_H
#define HOLDFAST_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/decisions.h"
#include "common/cleanup.h"
#include "common/posture.h"
#include "policy/problem.h"
#include "policy/protection.h"
#include "policy/source.h"
#include "policy/watermark.h"

#define POLICY_NAME_MAX		32  /* bytes of a name: a-z, 0-9 and - */
#define POLICY_TEXT_MAX		512 /* bytes of text, title and the policy's name */
#define POLICY_LABEL_MAX	HF_LABEL_MAX
#define POLICY_APP_MAX		(HF_APP_MAX - 1) /* index 0 is the unknown program */
#define POLICY_TENANT_MAX	64
#define POLICY_NETWORK_MAX	512
#define POLICY_DEVICE_MAX	1024
#define POLICY_RULE_MAX		1024
#define POLICY_DECLASSIFY_MAX	256
#define POLICY_CACHE_MAX	64
#define POLICY_VAULT_MAX	64
#define POLICY_ACCOUNT_MAX	1024 /* accounts of all tenants together */
#define POLICY_BREAK_GLASS_MAX	16
#define POLICY_SERVICE_MAX	64
#define POLICY_AUDIENCE_MAX	64
#define POLICY_TICKET_DEFAULT_S 300
#define POLICY_TICKET_MAX_S	3600
#define POLICY_ZONE_MAX		64
#define POLICY_GATEWAY_MAX	16		    /* of one zone */
#define POLICY_BEACON_MAX	8		    /* likewise */
#define POLICY_BEACONS_MAX	64		    /* of all zones */
#define POLICY_SERVICE_NAME_MAX 256		    /* names of all services */
#define POLICY_LIST_MAX		1024		    /* items of one key */
#define POLICY_PROGRAM_MAX	4096		    /* paths of all applications together */
#define POLICY_VERSION_MAX	(UINT64_C(1) << 53) /* exact in JSON */
#define POLICY_DURATION_MAX_S	(366 * 86400)
#define POLICY_VERIFY_GRACE_S	28800 /* where a label does not say verify-grace */
#define POLICY_VERIFY_SLOTS	HF_VERIFY_SLOTS
#define POLICY_INDEX_ALL	SIZE_MAX /* a reference written as "*" */
#define POLICY_UUID_SIZE	16

/* The application that a policy with a vault has beside its own: what moves folders in. */
#define POLICY_VAULT_APP "holdfast-vault"

enum policy_action {
	POLICY_ACTION_ALLOW = HF_VERDICT_ALLOW,
	POLICY_ACTION_AUDIT = HF_VERDICT_AUDIT,
	POLICY_ACTION_WARN = HF_VERDICT_WARN,
	POLICY_ACTION_BLOCK = HF_VERDICT_BLOCK,
	POLICY_ACTION_FOLLOW = 4, /* the written file, or the receiver, inherits the label */
	POLICY_ACTION_MAX,
};

/* One item of a list. index: position of the thing it names in the policy's array. */
struct policy_item {
	char *text;
	size_t index; /* of the tenant, label, app, network or device; POLICY_INDEX_ALL for "*" */
	struct policy_place place;
};

struct policy_list {
	struct policy_item *items;
	size_t count;
};

struct policy_tenant {
	char *name;
	char *title; /* NULL = not given, as in all texts below */
	char *domain;
	struct policy_list accounts; /* name, @group, *@domain, DOMAIN\* */
	struct policy_place place;
};

enum policy_open_with {
	POLICY_OPEN_ANY = 0, /* key absent: any application may open */
	POLICY_OPEN_NONE,    /* nobody may */
	POLICY_OPEN_LISTED,
};

struct policy_label {
	char *name;
	char *title;
	char *text; /* shown to the employee when refused */
	char *link; /* https URL */
	struct policy_item tenant;
	uint8_t uuid[POLICY_UUID_SIZE];
	struct policy_list paths; /* absolute patterns, policy/pattern.h */
	enum policy_open_with open;
	struct policy_list open_with;
	struct policy_place open_place; /* of the open-with key; line 0 = absent */
	bool is_view_only;
	bool is_rehearsed;
	bool needs_no_lease;	  /* opens also while the device is not trusted */
	bool is_wiped;		  /* its files go when the device is wiped */
	struct policy_list zones; /* in which it may be read; none = everywhere */
	uint8_t verify; /* 1 << enum verify_method: any of them opens it; 0 = none is asked for */
	uint32_t verify_grace_s;	  /* 0 = POLICY_VERIFY_GRACE_S */
	struct policy_place verify_place; /* of the verify key; line 0 = absent */
	struct policy_place grace_place;  /* of verify-grace */
	struct policy_place place;
};

/* Application n is index n + 1 in struct hf_bank: 0 is the unknown program. */
struct policy_app {
	char *name;
	char *title;
	struct policy_list paths; /* absolute patterns of executables */
	bool may_read_raw_disk;
	bool is_carrier;	   /* stands between all processes and gets no labels from them */
	bool is_message_bus;	   /* a carrier that hands on messages with their sender's labels */
	bool is_service_manager;   /* a carrier that does what it is asked; readers may not ask */
	bool is_print_service;	   /* what it is handed is printed, and gets no labels from that */
	bool forgets;		   /* keeps nothing of files that it closed */
	struct policy_list states; /* absolute patterns: directories of its own settings */
	struct policy_list documents; /* below those, what holds documents and is none of them */
	struct policy_place place;
};

/* Bits of an address: IPv4 is ::ffff:a.b.c.d with prefix_bits + 96. */
struct policy_prefix {
	uint8_t address[16];
	uint32_t prefix_bits; /* 0..128 */
	struct policy_place place;
};

struct policy_port_range {
	uint16_t first, last; /* host byte order, inclusive */
};

struct policy_network {
	char *name;
	struct policy_prefix *prefixes;
	size_t prefix_count;
	struct policy_port_range *ports; /* none = all */
	size_t port_count;
	struct policy_place place;
};

/* A router by its address, the hardware address it answers with, or both. */
struct policy_gateway {
	uint8_t address[16];
	uint8_t mac[6];
	bool has_address;
	bool has_mac;
};

/* Who proves by a signature that it can be reached from here. */
struct policy_beacon {
	char *host; /* an address or a name */
	uint16_t port;
	uint8_t key[32]; /* its public Ed25519 key */
};

/*
 * Networks that a device can be in. Each condition that is given must hold; one with several values
 * holds when any of them does.
 */
struct policy_zone {
	char *name;
	char *title;
	struct policy_network addresses; /* the device has one of these; only prefixes are used */
	struct policy_gateway *gateways;
	size_t gateway_count;
	struct policy_list suffixes; /* of names, as the network says */
	struct policy_list vpns;     /* names of interfaces, or kinds: policy_is_vpn_kind() */
	struct policy_beacon *beacons;
	size_t beacon_count;
	struct policy_place place;
};

/* Destinations that only a device in one of the zones may reach, whoever asks. */
struct policy_service {
	char *name;
	char *title;
	struct policy_network where; /* prefixes and ports; ports: none = all */
	struct policy_list names;    /* whose addresses count as well */
	struct policy_list zones;
	bool is_rehearsed;
	char *text;
	char *link;
	struct policy_place place;
};

struct policy_device {
	char *name;
	char vendor[5]; /* lower-case hexadecimal, as udev's ID_VENDOR_ID */
	char product[5];
	char *serial; /* udev's ID_SERIAL_SHORT; NULL = any */
	struct policy_place place;
};

struct policy_rule {
	char *name;
	struct policy_list
		labels; /* one item "*" = every label no other rule names on the channel */
	bool is_for_all_labels;
	uint32_t channels; /* 1 << enum hf_channel */
	struct policy_place channel_places[HF_CHANNEL_MAX];
	enum policy_action action;
	struct policy_place action_place;
	struct policy_list except_apps;
	struct policy_list except_users; /* "name", "@group" or decimal uid */
	struct policy_list except_networks;
	struct policy_list except_devices;
	char *text;
	char *link;
	struct policy_place place;
};

/* What applications write below paths loses labels, and leaves an event. */
struct policy_declassify {
	char *name;
	struct policy_list labels;
	struct policy_list apps;
	struct policy_list paths; /* absolute patterns of directories */
	char *text;		  /* why it may, for the event */
	struct policy_place place;
};

/* Files below paths that programs map for one another are no memory that they share. */
struct policy_cache {
	char *name;
	char *title;
	struct policy_list paths; /* absolute patterns of directories */
	struct policy_place place;
};

/* [trust]: labelled files open while the console says that the device is trusted. */
struct policy_trust {
	uint32_t lease_s;  /* how long its word lasts; 0 = no such section */
	uint8_t on_revoke; /* enum lease_order: what the device destroys when it is revoked */
	struct posture require;
	struct policy_place require_place; /* line 0 = nothing is required */
	struct policy_place place;
};

/* [login]: who logs in besides the accounts of tenants, and where those may. */
struct policy_login {
	struct policy_item device_of;	/* a tenant, whose accounts alone log in; text NULL = any */
	struct policy_list break_glass; /* accounts of this machine that always log in */
	struct policy_list except_services; /* of PAM, that are no login */
	char *contact;			    /* whom to ask, in messages */
	struct policy_place place;
};

/* [browser]: browsers of this device sign in to these domains only. */
struct policy_browser {
	uint8_t browsers; /* 1 << enum browser; 0 = all that are known */
	struct policy_list domains;
	struct policy_place place; /* line 0 = no such section */
};

/* A service that takes tickets. */
struct policy_audience {
	char *name;
	char *uri; /* as it knows itself: the ticket's aud */
	struct policy_item tenant;
	struct policy_list apps; /* that may ask; none = every program of the account */
	uint32_t lifetime_s;	 /* 0 = POLICY_TICKET_DEFAULT_S */
	struct policy_place place;
};

/* A folder that is encrypted, and readable while the device has the key of its label. */
struct policy_vault {
	char *name;
	char *title;
	struct policy_list paths; /* one, without wildcards */
	struct policy_item label;
	uint64_t size_bytes; /* of an image, where one is needed; 0 = as large as its file system */
	struct policy_place place;
};

/* [screen]: what holds of capturing it, whatever the labels' rules say. */
struct policy_screen {
	bool is_always; /* nothing is captured but by apps, whether labels are exposed or not */
	bool records_exposed_only;	 /* else every capture is recorded */
	struct policy_list apps;	 /* that may capture what their rules would refuse, */
	uint16_t from_min;		 /* from this minute of the day */
	uint16_t until_min;		 /* until that */
	struct policy_place hours_place; /* line 0 = at all hours */
	struct policy_place place;	 /* line 0 = no such section */
};

/* [watermark]: what is written over screens. */
struct policy_watermark {
	struct watermark_rules rules;
	struct policy_place place; /* line 0 = no such section */
};

/* [verify]: how people show again who they are, and what asks for it. */
struct policy_verify {
	uint8_t ends;	 /* 1 << enum verify_cause, where has_ends; without, all that apply */
	bool has_ends;	 /* ends is given */
	bool is_endless; /* as none */
	uint32_t idle_s; /* 0 = not given: idle ends nothing */
	struct policy_list except_users; /* services, who never verify */
	bool drops_keys;		 /* of its labels, while nobody has verified */
	char *page_issuer;		 /* of OpenID Connect; NULL = no page */
	char *page_client;
	char *page_claim;  /* which says the user; NULL = preferred_username */
	char *page_domain; /* that may follow the user's name after an @ */
	char *page_ca;	   /* file of certificates; NULL = the system's */
	struct policy_place place;
};

struct policy {
	char *name;
	uint64_t version; /* 1..POLICY_VERSION_MAX */
	struct policy_place place;
	struct policy_tenant *tenants;
	size_t tenant_count;
	struct policy_label *labels;
	size_t label_count;
	struct policy_app *apps;
	size_t app_count;
	struct policy_network *networks;
	size_t network_count;
	struct policy_device *devices;
	size_t device_count;
	struct policy_rule *rules;
	size_t rule_count;
	struct policy_declassify *declassifys; /* the parser's arrays are named thing and s */
	size_t declassify_count;
	struct policy_cache *caches;
	size_t cache_count;
	struct policy_zone *zones;
	size_t zone_count;
	struct policy_service *services;
	size_t service_count;
	struct policy_vault *vaults;
	size_t vault_count;
	struct policy_protection protection;
	struct policy_trust trust;
	struct policy_login login;
	struct policy_browser browser;
	struct policy_audience *audiences;
	size_t audience_count;
	struct policy_verify verify;
	struct policy_screen screen;
	struct policy_watermark watermark;
	char **files; /* in reading order; places point in here */
	size_t file_count;
};

/*
 * Reads path and all it includes through source, and checks everything.
 * 0: *ret_policy is the caller's, policy_free() it; problems untouched.
 * -EBADMSG: problems holds every error found, sorted, at least one. -ENOMEM.
 */
int policy_parse(const struct policy_source *source, const char *path,
	struct policy_problems *problems, struct policy **ret_policy);

/* Seconds that a verification for the label is good for. */
uint32_t policy_verify_grace(const struct policy_label *label);

/* Accepts NULL. */
void policy_free(struct policy *policy);
CLEANUP_DEFINE(struct policy, policy_free)

#endif
