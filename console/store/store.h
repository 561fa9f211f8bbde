/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the console remembers: devices, policies, tokens, administrators, events, findings, and who did what.
 * The one interface to the database; sqlite/ and postgres/ implement it (engine.h), and no type of
 * theirs passes here. Rules are not its business: enrolment.c and ingest.c
 * have them. One writer; readers see what is committed.
 *
 * Functions answer 0 or negative errno: -ENOENT not there, -ENOSPC disk full, -EBADMSG damaged;
 * of a database that others use too: -EHOSTUNREACH it is not there at the moment, -EDEADLK another
 * console was faster, -ETIMEDOUT it takes too long. Then nothing is done: the same may be asked again, after
 * -EDEADLK at once, in a new transaction.
 * After a failure between begin and commit, roll back.
 */
#ifndef HOLDFAST_CONSOLE_STORE_STORE_H
#define HOLDFAST_CONSOLE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/uuid.h"
#include "console/ipc/messages.h"

#define STORE_TEXT_SIZE	   256
#define STORE_DETAILS_SIZE 4096 /* JSON of hardware and posture */
#define STORE_EXPORT_SIZE  33
#define STORE_WHY_SIZE	   513
#define STORE_AUDIT_SIZE   1024
#define STORE_UNLIMITED	   (-1)
#define STORE_NO_TIME	   INT64_MAX

struct store;

enum store_access { STORE_WRITE, STORE_READ };

/* Whether it names a PostgreSQL database, "postgresql://ROLE@HOST/NAME", and no file. */
bool store_is_address(const char *path);
/*
 * Opens, makes or migrates; READ neither makes nor migrates. -EPROTO: of a newer version;
 * -EHOSTUNREACH: nobody answers; -EOPNOTSUPP: it does not keep what it acknowledges.
 */
int store_open(const char *path, enum store_access access, struct store **ret_store);
/* Rolls back. Accepts NULL. */
void store_free(struct store *store);
CLEANUP_DEFINE(struct store, store_free)

/* What the database said when something failed last, for people; "" = nothing. */
const char *store_problem(void);
/* What such a negative errno means, with that. Borrowed until the next call. */
const char *store_error(int r);

/* What is between these is all there, on disk, when commit has answered 0; else none of it is. */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);
bool store_is_writing(const struct store *store);
/* A place within a transaction to go back to, or to let be; no more than one at a time. */
int store_mark(struct store *store);
int store_mark_undo(struct store *store);
int store_mark_keep(struct store *store);

/* A whole and checked copy, made new at `to`, also while another process writes. -EEXIST. */
int store_backup(const char *from, const char *to);

/* Few named things of the console itself. */
int store_get(struct store *store, const char *name, char *ret_value, size_t size);
int store_set(struct store *store, const char *name, const char *value);
/* The uid, as text, of the one tenant there is so far: what its devices' certificates say. */
#define STORE_TENANT_NONE "default" /* of a database that is new */
int store_tenant_set(struct store *store, const char *uid);
int store_tenant(struct store *store, char *ret_uid, size_t size);

/* --- devices --- */

struct store_device {
	int64_t id;
	uint8_t uid[CONSOLE_UID_SIZE];
	uint8_t state;		      /* enum device_state */
	char tenant[STORE_TEXT_SIZE]; /* its uid */
	char host[STORE_TEXT_SIZE];
	char owner[16]; /* "enterprise", "personal", "" = not known */
	char os[STORE_TEXT_SIZE];
	char address[64];
	uint8_t key[CONSOLE_HASH_SIZE]; /* of the newest request or certificate */
	int64_t token;			/* by which it enrolled */
	int64_t first_seen_ms, last_seen_ms;
	uint64_t ack;
	uint8_t link[CONSOLE_HASH_SIZE];
	uint8_t boot[CONSOLE_UID_SIZE]; /* of what came last */
	uint64_t segment;		/* likewise */
	/* What it offers behind a gap, since when and how often: ingest.c has the rule. 0 = nothing */
	uint64_t offered;
	int64_t offered_ms;
	uint32_t offers;
	bool is_restored; /* the database was restored since it last delivered */
	uint64_t word;	  /* serial of what is said of its state: one more with each change */
};

/* Adds; id is set, tenant is the only one. */
int store_device_add(struct store *store, struct store_device *device);
int store_device_by_id(struct store *store, int64_t id, struct store_device *ret_device);
int store_device_by_uid(
	struct store *store, const uint8_t uid[CONSOLE_UID_SIZE], struct store_device *ret_device);
/*
 * As it is now, and nobody else's until the transaction ends: two consoles that are sent the same
 * batch store it once.
 */
int store_device_lock(struct store *store, int64_t id, struct store_device *ret_device);
/* Of the newest key asked for, also when it has no certificate yet. */
int store_device_by_key(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], struct store_device *ret_device);
/* Those with id > after, at most `most`, by id; how many. */
int store_devices(
	struct store *store, int64_t after, struct store_device *ret_devices, unsigned int most);
/* Devices whose host has that name; how many, at most `most` are written. */
int store_devices_named(
	struct store *store, const char *host, struct store_device *ret_devices, unsigned int most);
int store_device_set_state(struct store *store, int64_t id, uint8_t state, const char *who,
	const char *why, int64_t now_ms);
/* No lower one is said from now on. */
int store_device_set_word(struct store *store, int64_t id, uint64_t word);
int store_device_set_key(
	struct store *store, int64_t id, const uint8_t key[CONSOLE_HASH_SIZE], int64_t now_ms);
int store_device_seen(struct store *store, int64_t id, const char *address, int64_t now_ms);
int store_device_describe(
	struct store *store, int64_t id, const char *host, const char *os, const char *details);
/* Of hardware and posture; "" = none. */
int store_device_details(struct store *store, int64_t id, char ret_json[STORE_DETAILS_SIZE]);
/* The watermark: ack, link, boot, segment, offered and what follows it are written. */
int store_device_advance(struct store *store, const struct store_device *device);
/* After a restore: each device may go on from behind what is stored, with a finding. */
int store_devices_restored(struct store *store);

struct store_change {
	int64_t time_ms;
	uint8_t from, to;
	char who[STORE_TEXT_SIZE], why[STORE_WHY_SIZE];
};
/* Newest first; how many. */
int store_changes(
	struct store *store, int64_t device, struct store_change *ret_changes, unsigned int most);

struct store_certificate {
	int64_t device;
	uint8_t fingerprint[CONSOLE_HASH_SIZE];
	uint8_t key[CONSOLE_HASH_SIZE];
	char serial[64]; /* hexadecimal */
	int64_t not_before_ms, not_after_ms, made_ms;
	bool is_used; /* the device came with it */
	bool is_replaced;
	uint16_t size;
	uint8_t der[CONSOLE_CERTIFICATE_MAX];
};

/* -EEXIST when this very certificate is there. */
int store_certificate_add(struct store *store, const struct store_certificate *certificate);
int store_certificate_find(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE],
	struct store_certificate *ret_certificate);
/* The device that ever had a certificate with this key. */
int store_certificate_key_owner(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], int64_t *ret_device);
/* The device came with this one for the first time: its others are of no use any more. */
int store_certificate_used(
	struct store *store, int64_t device, const uint8_t fingerprint[CONSOLE_HASH_SIZE]);
/* Without der, newest first; how many. */
int store_certificates(struct store *store, int64_t device,
	struct store_certificate *ret_certificates, unsigned int most);

/* --- policies --- */

#define STORE_TAGS_MAX 32 /* of one device */
#define STORE_TAG_SIZE 64 /* bytes, NUL counted */

/* A signed policy that was published, and for whom it is. */
struct store_policy {
	uint64_t version;
	char name[STORE_TEXT_SIZE];
	char digest[65], key_id[33];
	int64_t made_ms, expires_ms;
	uint32_t size;		      /* bytes of the bundle */
	uint64_t origin;	      /* version whose content it repeats; 0 = none */
	uint32_t percent;	      /* of the devices that it is for */
	char groups[STORE_TEXT_SIZE]; /* tags with spaces between; "" = all devices */
	int64_t published_ms;
	char who[STORE_TEXT_SIZE], why[STORE_WHY_SIZE];
};

/* bundle: of policy->size bytes. -EEXIST when there is that version or a higher one. */
int store_policy_add(struct store *store, const struct store_policy *policy, const void *bundle);
/* version 0: the newest. */
int store_policy_get(struct store *store, uint64_t version, struct store_policy *ret_policy);
/* The bundle's bytes, which the caller frees. */
int store_policy_bundle(
	struct store *store, uint64_t version, uint8_t **ret_bytes, size_t *ret_size);
/* Newest first; how many. */
int store_policies(struct store *store, struct store_policy *ret_policies, unsigned int most);
int store_policy_set_percent(struct store *store, uint64_t version, uint32_t percent);
/* The highest version ever published; 0 = none. */
int store_policy_last(struct store *store, uint64_t *ret_version);

struct store_candidate {
	uint64_t version;
	uint32_t percent;
};
/* Those above `have` whose groups the device is of, newest first; how many, at most `most`. */
int store_policy_candidates(struct store *store, int64_t device, uint64_t have,
	struct store_candidate *ret_candidates, unsigned int most);

/* -E2BIG when it has as many as it may; that it is there already, or not, is no failure. */
int store_tag_add(struct store *store, int64_t device, const char *tag);
int store_tag_remove(struct store *store, int64_t device, const char *tag);
/* In one text, with spaces between; cut to size. */
int store_tags(struct store *store, int64_t device, char *ret_tags, size_t size);

/* What a device was given, and what it said of it; versions are 0 and times too when there is none. */
struct store_receipt {
	uint64_t sent; /* to it last */
	int64_t sent_ms;
	uint64_t applied;
	char digest[65], mode[16];
	int64_t applied_ms; /* by its clock */
	uint64_t refused;   /* what it was given last when it said so */
	char code[32];	    /* "ROLLBACK" */
	int64_t refused_ms;
};

int store_receipt_sent(struct store *store, int64_t device, uint64_t version, int64_t now_ms);
/* version, digest, mode, time of what is in force. */
int store_receipt_applied(struct store *store, int64_t device, const struct store_receipt *receipt);
int store_receipt_refused(struct store *store, int64_t device, const char *code, int64_t time_ms);
/* Empty when there is none: no failure. */
int store_receipt(struct store *store, int64_t device, struct store_receipt *ret_receipt);

/* Every device that is trusted, with what it is known to have; visit answers false to end. */
struct store_fleet {
	int64_t device;
	uint8_t uid[CONSOLE_UID_SIZE];
	uint64_t applied, refused;
	char code[32];
};
int store_fleet(struct store *store, bool (*visit)(const struct store_fleet *fleet, void *userdata),
	void *userdata);

/* --- enrolment tokens --- */

struct store_token {
	int64_t id;
	char name[STORE_TEXT_SIZE];
	int64_t uses_left; /* or STORE_UNLIMITED */
	int64_t used;
	int64_t made_ms, expires_ms;
	bool is_approving, is_revoked;
	char owner[16]; /* of the devices that it enrols, as in struct store_device */
	char made_by[STORE_TEXT_SIZE];
	/* of a token for checking tickets: for which service, and whose accounts; else "" */
	char audience[STORE_TEXT_SIZE], tenant[65];
};

/* hash: SHA-256 of the token. Sets id. */
int store_token_add(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *token);
int store_token_find(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *ret_token);
int store_token_get(struct store *store, int64_t id, struct store_token *ret_token);
/* One use less. -ENOENT when there is none left. */
int store_token_use(struct store *store, int64_t id);
int store_token_revoke(struct store *store, int64_t id);
int store_tokens(
	struct store *store, int64_t after, struct store_token *ret_tokens, unsigned int most);

/* --- tickets that were shown to be checked --- */

#define STORE_TICKET_SIZE 33 /* of an id, with NUL */

/* Notes it until it has expired; those that have are forgotten. -EEXIST: it was shown before. */
int store_ticket_show(
	struct store *store, int64_t device, const char *id, int64_t expires_ms, int64_t now_ms);

/* --- administrators, and who did what --- */

/* hash: "scrypt$N$r$p$salt$key"; -EEXIST. */
int store_administrator_add(
	struct store *store, const char *name, const char *hash, bool is_one_time, int64_t now_ms);
int store_administrator_count(struct store *store, int64_t *ret_count);

/* An act; audit.c makes them. A row's link covers it and the link before it. */
struct store_audit {
	int64_t id, time_ms; /* ids: from 1 on, without gaps */
	char who[STORE_TEXT_SIZE], act[64], what[STORE_AUDIT_SIZE];
	char before[STORE_AUDIT_SIZE], after[STORE_AUDIT_SIZE]; /* "" = does not apply */
	uint8_t link[CONSOLE_HASH_SIZE]; /* zero: of an older console, before there was a chain */
};
/* With its id. -EEXIST: another console was faster. */
int store_audit_add(struct store *store, const struct store_audit *audit);
/* The newest; in a transaction nobody else adds one then until it ends. -ENOENT: there is none. */
int store_audit_last(struct store *store, struct store_audit *ret_audit);
/* Those with id > after, at most `most`, by id; how many. */
int store_audits(
	struct store *store, int64_t after, struct store_audit *ret_audits, unsigned int most);

/* --- other consoles before the same database --- */

#define STORE_NOTICES_MAX 64 /* read at a time */

#define STORE_NOTICE_SEAL_KEYS -1 /* instead of a device: there are other keys to seal to */

/* Something of a device is another now, or (device 0) what devices are to have. With a transaction. */
int store_notice_add(struct store *store, int64_t device);
/*
 * Devices of the notices that other consoles gave since the last call; how many, at most
 * STORE_NOTICES_MAX. None before the first call. A database that no other can use has none.
 */
int store_notices(struct store *store, int64_t ret_devices[STORE_NOTICES_MAX]);
/* Whether other consoles may have the same database. */
bool store_is_shared(const struct store *store);

/* --- events --- */

enum store_verdict {
	STORE_NO_VERDICT = 0,
	STORE_ALLOW = 1,
	STORE_AUDIT = 2,
	STORE_WARN = 3, /* from here on: refused */
	STORE_BLOCK = 4,
	STORE_VERDICT_MAX
};

struct store_event {
	uint64_t sequence;
	int64_t time_ms;
	uint32_t class_uid, activity_id, severity_id;
	uint8_t verdict;      /* enum store_verdict */
	char user[64];	      /* cut */
	bool is_person;	      /* user is no service's; not kept */
	uint32_t uid;	      /* of a person; not kept */
	uint32_t start, size; /* of its JSON in the record's text */
};

/*
 * A record of common/segment.h as it is kept: its events, whose lines are stored as one text, and
 * its link, by which a copy of the device is told from one that repeats itself. Pruned and lost
 * records have a count and no events.
 */
struct store_record {
	int64_t device;
	uint64_t first; /* sequence */
	uint32_t count;
	uint8_t link[CONSOLE_HASH_SIZE];
	const char *text; /* borrowed, as are the next two */
	size_t size;
	const void *packed; /* the text in one frame of zstd, when the caller has it; or NULL */
	size_t packed_size;
	const struct store_event *events; /* borrowed */
	unsigned int event_count;
};

int store_record_add(struct store *store, const struct store_record *record);
/* The link of the device's record that begins there. */
int store_record_link(
	struct store *store, int64_t device, uint64_t first, uint8_t ret_link[CONSOLE_HASH_SIZE]);

/* What of a boot of a device has come. */
struct store_account {
	uint8_t boot[CONSOLE_UID_SIZE];
	uint64_t first, last; /* sequences */
	uint64_t delivered;   /* events */
	uint64_t coalesced;   /* acts that are counted in another event */
	uint64_t pruned;      /* whose content the device gave up for want of room */
	uint64_t lost;	      /* that never reached its spool, as it says */
	uint64_t missing;     /* sequences that never came */
	uint64_t unfit;	      /* of the delivered ones, those that are not as OCSF has them */
	int64_t begun_ms, last_ms;
};
/* Adds to what is there of the boot. */
int store_account_add(
	struct store *store, int64_t device, const struct store_account *account, int64_t now_ms);
/* Newest first; how many. */
int store_accounts(
	struct store *store, int64_t device, struct store_account *ret_accounts, unsigned int most);

/* How many events there are of a kind: counted as they are stored, so that nobody has to look at all. */
struct store_tally {
	int64_t day; /* since 1970, of the event's time, UTC */
	int64_t device;
	uint32_t class_uid;
	uint8_t verdict;
	uint64_t count;
};
/* Adds to what is there. */
int store_tally_add(struct store *store, const struct store_tally *tally);
/* Sums of all devices from that day on, by day, class and verdict; visit answers false to end. */
int store_tallies(struct store *store, int64_t since_day,
	bool (*visit)(const struct store_tally *tally, void *userdata), void *userdata);

/* An account that people used on a device, as it is called there. */
#define STORE_USERS_MAX 256 /* of one device; who was seen last the longest ago is forgotten */
struct store_user {
	char name[64]; /* cut, as in events */
	int64_t first_ms, last_ms;
	bool has_uid; /* which is not kept here: store_mark_named() */
	uint32_t uid;
};
/* Widens what is known of it to these times. */
int store_user_seen(struct store *store, int64_t device, const struct store_user *user);
/* Of a device, who was seen last first; how many. */
int store_users(
	struct store *store, int64_t device, struct store_user *ret_users, unsigned int most);
/* As store_devices(), of those that an account of that name was used on. */
int store_user_devices(struct store *store, const char *name, int64_t after,
	struct store_device *ret_devices, unsigned int most);

/* The device's newest stored segment is sealed to a key that was made then. */
int store_seal_used(struct store *store, int64_t device, int64_t made_ms);
/*
 * Devices, trusted or suspended, that may hold segments sealed to a key that was replaced then:
 * whose newest stored one is sealed to it or an earlier key, or that have none and are older.
 */
int store_seal_waiting(struct store *store, int64_t replaced_ms, int64_t *ret_count);

/* What a device was told to destroy. */
#define STORE_ORDER_RECEIPT_SIZE 12001 /* WIPE_RECEIPT_MAX and NUL */
struct store_order {
	int64_t device;
	uint64_t number; /* from 1 on; 0 = its own policy's, when it was revoked */
	uint8_t what;	 /* enum lease_order */
	char who[STORE_TEXT_SIZE], why[STORE_WHY_SIZE];
	/* 0 = not; sent: first put into a word for it, so that it may have begun since */
	int64_t ordered_ms, sent_ms, done_ms, withdrawn_ms;
};
/* -EEXIST. */
int store_order_add(struct store *store, const struct store_order *order);
/* sent, done and withdrawn; receipt: NULL = as it was. -ENOENT. */
int store_order_set(struct store *store, const struct store_order *order, const char *receipt);
/* The one with the highest number. -ENOENT: there was none. */
int store_order_last(struct store *store, int64_t device, struct store_order *ret_order);
/* "" = there is none yet. -ENOENT. */
int store_order_receipt(struct store *store, int64_t device, uint64_t number,
	char ret_text[STORE_ORDER_RECEIPT_SIZE]);

struct store_finding {
	int64_t id, device, time_ms;
	char kind[32];	      /* "gap", "pruned", "lost", "chain-conflict", "restored", ... */
	uint64_t first, last; /* sequences */
	char text[STORE_WHY_SIZE];
};
/* One that says the same of the same sequences is not added again. */
int store_finding_add(struct store *store, const struct store_finding *finding);
/* device 0: of all. Newest first; how many. */
int store_findings(
	struct store *store, int64_t device, struct store_finding *ret_findings, unsigned int most);

/* Which events; 0 and "" = any. */
struct store_filter {
	int64_t device;
	uint32_t class_uid;
	uint8_t verdict_min, verdict_max;
	char user[64];
	char text[STORE_TEXT_SIZE]; /* anywhere in the JSON text */
	char file[STORE_TEXT_SIZE]; /* in the path or name of a file */
	int64_t since_ms, until_ms;
};

struct store_found {
	int64_t id, device, time_ms;
	struct store_event event;
	const char *json; /* borrowed during the visit; event.size bytes */
};

/*
 * How far events were looked at, in the order of their arrival. Each console that stores has a lane
 * of its own, in which ids go up as they are committed; between lanes there is no order.
 */
#define STORE_LANES	  64
#define STORE_LANE_EVENTS (INT64_C(1) << 48) /* id = lane * this + number in the lane, from 1 */
#define STORE_PLACE_SIZE  (STORE_LANES * 20)
struct store_place {
	int64_t last[STORE_LANES]; /* id; 0 = none of this lane */
};

/* Whether the event of that id came after it. */
bool store_place_is_before(const struct store_place *place, int64_t id);
/* As text, to be kept: "17" for the lane of a console that is alone, "17 1:4 9:20" for others. */
void store_place_format(const struct store_place *place, char ret_text[STORE_PLACE_SIZE]);
/* -EINVAL. */
int store_place_parse(const char *text, struct store_place *ret_place);

/*
 * Where a search is: it goes on in pieces, so that nobody waits for it. Newest first by time, or
 * by arrival when it looks for words in all texts; oldest first by arrival when is_upwards is set.
 */
struct store_cursor {
	bool is_begun, is_upwards;
	int64_t time_ms, id;
	struct store_place place; /* is_upwards: what is behind it is next */
};

/*
 * Looks at no more than `look` events from the cursor on and calls visit for those that fit, until
 * it answers false. 1 = there is more, 0 = that was all.
 */
int store_events(struct store *store, const struct store_filter *filter,
	struct store_cursor *cursor, unsigned int look,
	bool (*visit)(const struct store_found *found, void *userdata), void *userdata);
/* The place behind all events. */
int store_event_last(struct store *store, struct store_place *ret_place);

/* The place before all events of that time or later, by the devices' clocks. */
int store_event_since(struct store *store, int64_t since_ms, struct store_place *ret_place);

/* How far an output of console/exporter/ has come: up to there, all has been delivered. */
struct store_export {
	char name[STORE_EXPORT_SIZE];
	struct store_place place;
	uint64_t delivered; /* events, in all */
	int64_t moved_ms;   /* when it last came further */
	bool is_rewound;    /* by a person, and has not delivered since */
};
int store_export_get(struct store *store, const char *name, struct store_export *ret_export);
/* Adds it, too. -EBUSY: another console holds it, and it is as it was. */
int store_export_set(struct store *store, const struct store_export *export);
/*
 * This console alone runs the output that is there, for so long: taken or renewed. -EBUSY: another one
 * does. A database that no other can use answers 0.
 */
int store_export_hold(struct store *store, const char *name, int64_t lease_ms);
/* By name; how many. */
int store_exports(struct store *store, struct store_export *ret_exports, unsigned int most);

struct store_totals {
	int64_t devices[DEVICE_REVOKED + 1]; /* by state */
	int64_t events, findings, tokens, bytes;
};
int store_totals(struct store *store, struct store_totals *ret_totals);

#endif
