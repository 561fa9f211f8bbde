/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators' commands: accepting, one request each at a time, answers in pieces. */
#ifndef HOLDFAST_CONSOLE_STORE_ADMIN_SERVER_H
#define HOLDFAST_CONSOLE_STORE_ADMIN_SERVER_H

#include <json-c/json_object.h>
#include <poll.h>
#include <sys/types.h>

#include "console/ipc/admin.h"
#include "console/store/audit.h"
#include "console/store/service.h"

#define ADMIN_CLIENT_MAX 32
#define ADMIN_QUEUE_MAX	 (4 << 20)   /* bytes waiting for one client */
#define ADMIN_QUEUE_HIGH (256 << 10) /* so many waiting: no more is looked up for it */
#define ADMIN_LOOK	 2000	     /* events looked at for one client in a turn */

struct admin_client {
	struct channel channel;
	uid_t uid;
	char who[96];		      /* for the audit log */
	struct admin_request request; /* type 0 = none */
	struct store_filter filter;
	struct store_cursor cursor;
	int64_t after;		    /* DEVICES, TOKENS, AUDIT: the last id said */
	struct store_place last;    /* FOLLOW: behind what was there when it was asked */
	uint32_t left;		    /* lines that may be said; 0 = any number */
	bool is_following;	    /* what was there has been said */
	bool may_repeat, is_undone; /* see admin_verb_begin() */
	int fd;			    /* that came with the request; borrowed, while it begins */
	uint64_t asked;		    /* number of what the authority was asked for it; 0 = nothing */
};

/* Listens. group: whose members may ask, (gid_t)-1 = none beside root. */
int admin_server_new(const char *runtime_directory, gid_t group, struct admin_server **ret_server);
unsigned int admin_server_poll_fill(
	struct admin_server *server, struct pollfd *polls, unsigned int most);
void admin_server_on_poll(struct service *service, const struct pollfd *polls, unsigned int count);
/* Says more to those who wait for it. Whether somebody still has something to look at. */
bool admin_server_work(struct service *service);

/* A line; takes ownership of object. False when the client is not to be kept. */
void admin_line(struct admin_client *client, struct json_object *object);
void admin_text(struct admin_client *client, const char *json);
/* A line with a descriptor beside it, which stays the caller's; takes ownership of object. */
void admin_line_with(struct admin_client *client, struct json_object *object, int fd);
/*
 * Ends the answer. error: 0 or negative errno; text says it in words ("" = none). -EDEADLK of a verb that
 * begins: nothing is said, and it begins again.
 */
void admin_end(struct admin_client *client, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * admin_verbs.c: begins to answer; and goes on, if it did not end. True when there is more to do. A change
 * that another console's has undone is made again from its beginning, so verbs keep nothing of one that failed.
 */
void admin_verb_begin(struct service *service, struct admin_client *client);
bool admin_verb_work(struct service *service, struct admin_client *client);

/* admin_device.c. Finds the request's device, or ends the answer: false. */
bool admin_find_device(
	struct service *service, struct admin_client *client, struct store_device *ret_device);
bool admin_devices(struct service *service, struct admin_client *client);
void admin_device(struct service *service, struct admin_client *client);
void admin_device_change(struct service *service, struct admin_client *client);
void admin_findings(struct service *service, struct admin_client *client);
/* admin_policy.c */
void admin_policy_next(struct service *service, struct admin_client *client);
void admin_policy_publish(struct service *service, struct admin_client *client);
void admin_policy_rollout(struct service *service, struct admin_client *client);
/* admin_history.c: what was published, and what became of it. */
void admin_policies(struct service *service, struct admin_client *client);
void admin_policy(struct service *service, struct admin_client *client);
/* admin_tag.c */
void admin_device_tag(struct service *service, struct admin_client *client);
/* admin_report.c */
void admin_report(struct service *service, struct admin_client *client);
/* admin_seal.c */
void admin_seal_keys(struct service *service, struct admin_client *client);
void admin_seal_rotate(struct service *service, struct admin_client *client);
void admin_seal_destroy(struct service *service, struct admin_client *client);
/* admin_trace.c */
void admin_trace(struct service *service, struct admin_client *client);
void admin_trace_answered(struct service *service, const struct console_word *word);
/* admin_key.c */
void admin_keys(struct service *service, struct admin_client *client);
void admin_key_rotate(struct service *service, struct admin_client *client);
void admin_key_destroy(struct service *service, struct admin_client *client);
void admin_key_receipt(struct service *service, struct admin_client *client);
void admin_key_terms(struct service *service, struct admin_client *client);
/* What the authority answered; the client may be gone since. */
struct console_made;
struct console_word;
void admin_key_made(struct service *service, const struct console_made *made);
void admin_key_destroyed(struct service *service, const struct console_word *word);
/* The client for whom the authority was asked that, or NULL. */
struct admin_client *admin_server_asked(struct admin_server *server, uint64_t asked);
/* admin_group.c */
void admin_device_pcr(struct service *service, struct admin_client *client);
void admin_device_assign(struct service *service, struct admin_client *client);
void admin_preview_begin(struct service *service, struct admin_client *client);
bool admin_preview(struct service *service, struct admin_client *client);
/* Ends the answer: what groups_resolve() did not like. */
void admin_group_refuse(struct admin_client *client, int error, const char *word);
/* admin_wipe.c */
void admin_device_wipe(struct service *service, struct admin_client *client);
void admin_device_receipt(struct service *service, struct admin_client *client);
/* The device's last order; NULL: there was none. */
struct json_object *admin_wipe_object(struct service *service, int64_t device);
/* In a transaction: the order that the request's name is. As wipe_order(); -EINVAL: it is none. */
int admin_wipe_order(
	struct service *service, struct admin_client *client, const struct store_device *device);
/* admin_token.c */
bool admin_tokens(struct service *service, struct admin_client *client);
void admin_token_create(struct service *service, struct admin_client *client);
void admin_token_revoke(struct service *service, struct admin_client *client);
/* admin_audit.c */
void admin_audit_begin(struct service *service, struct admin_client *client);
bool admin_audit(struct service *service, struct admin_client *client);
/* admin_rule.c */
void admin_rules(struct service *service, struct admin_client *client);
void admin_rule_add(struct service *service, struct admin_client *client);
void admin_rule_remove(struct service *service, struct admin_client *client);
/* admin_export.c */
void admin_exports(struct service *service, struct admin_client *client);
void admin_export_rewind(struct service *service, struct admin_client *client);
/* admin_events.c */
void admin_events_begin(struct service *service, struct admin_client *client);
bool admin_events(struct service *service, struct admin_client *client);
void admin_event(struct service *service, struct admin_client *client);

#endif
