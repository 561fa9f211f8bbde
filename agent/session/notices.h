/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which notices a person sees, and their words. Pure: no bus, no clock, no log. However many acts
 * are refused, a few notices stand on the screen: one for each kind of act, updated in place, and
 * one that counts the rest.
 */
#ifndef HOLDFAST_AGENT_SESSION_NOTICES_H
#define HOLDFAST_AGENT_SESSION_NOTICES_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

#define NOTICES_KINDS	  3		      /* notices of one kind of act each */
#define NOTICES_MAX	  (NOTICES_KINDS + 1) /* the last one counts what has none of its own */
#define NOTICES_REST	  NOTICES_KINDS
#define NOTICES_HOLD_MS	  30000	 /* so long a kind keeps its notice after its last refusal */
#define NOTICES_AGAIN_MS  5000	 /* one notice changes no more often */
#define NOTICES_GATHER_MS 1000	 /* so long the rest is counted before it is first shown */
#define NOTICES_FORGET_MS 60000	 /* so long silent: counting starts over */
#define NOTICES_STALE_MS  600000 /* not shown any more when there was no server so long */

/* One refusal, in clean UTF-8 for people: no control characters, nothing that turns the line. */
struct refusal {
	bool is_warn;
	const char *told;      /* no refusal: what is to be known of this computer; static */
	const char *told_more; /* with it, what that means; static */
	int channel;	       /* enum hf_channel; negative: one of a newer agent */
	uint64_t count;	       /* acts of the kernel's record */
	char program[64];
	char application[64]; /* "" = not verified */
	char file[256];	      /* its name */
	char path[1024];
	char destination[80];
	char printer[80];
	char label[128];
	char text[520];		/* the rule's own */
	char link[512];		/* likewise; https only, never cut */
	char reason[256];	/* when no rule refused it */
	char method[32];	/* a capture: how */
	char shown_by[64];	/* and the first program that shows what is labelled, */
	uint64_t shown_by_more; /* and how many more do */
};

/* 0, -EBADMSG when it is no refusal, and nothing that all are told of. Reads any object; borrowed. */
int refusal_parse(struct json_object *event, struct refusal *ret_refusal);

struct notice_slot {
	struct refusal refusal; /* the last one */
	uint64_t count;
	uint64_t first_ms, last_ms; /* of its refusals */
	uint64_t shown_ms;	    /* when it was last shown, 0 = not since it was taken */
	bool is_used, is_due, is_sending;
	uint32_t id; /* of the server; 0 = none on the screen */
};

struct notices {
	struct notice_slot slots[NOTICES_MAX];
};

/* Times are of one clock that never goes back; never 0. */
void notices_add(struct notices *notices, const struct refusal *refusal, uint64_t now_ms);
/* The next notice to show now, or -1. notices_shown() or notices_failed() must follow. */
int notices_next(struct notices *notices, uint64_t now_ms);
/* Milliseconds until notices_next() has one, or -1. */
int notices_wait_ms(const struct notices *notices, uint64_t now_ms);
void notices_shown(struct notices *notices, int slot, uint32_t id, uint64_t now_ms);
/* It stays due. */
void notices_failed(struct notices *notices, int slot);
/* The person, or the server, took it from the screen. */
void notices_closed(struct notices *notices, uint32_t id);
/* The server is another one: it knows none of ours. */
void notices_forget_ids(struct notices *notices);
/* The rule's link behind a notice on the screen, or NULL. Borrowed. */
const char *notices_link(const struct notices *notices, uint32_t id);

/* What the server can do: Desktop Notifications Specification 1.2, GetCapabilities. */
struct notice_abilities {
	bool has_markup;     /* body-markup */
	bool has_hyperlinks; /* body-hyperlinks */
	bool has_actions;    /* actions */
};

struct notice {
	char summary[512];
	char body[6144];
	const char *icon; /* of the Icon Naming Specification */
	uint8_t urgency;  /* 1 normal, 2 critical */
	uint32_t replaces;
	bool has_link_action;
};

void notice_format(const struct notice_slot *slot, bool is_rest,
	const struct notice_abilities *abilities, struct notice *ret_notice);

#endif
