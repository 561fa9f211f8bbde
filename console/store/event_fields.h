/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of an event's JSON is looked for and counted. The only place that parses what devices wrote:
 * outside bytes, exercised by tests/fuzz/event_fields.c.
 */
#ifndef HOLDFAST_CONSOLE_STORE_EVENT_FIELDS_H
#define HOLDFAST_CONSOLE_STORE_EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_FIELDS_DEPTH 32	 /* of nesting */
#define EVENT_FIELDS_SIZE  65536 /* bytes of one event */

struct event_fields {
	int64_t time_ms;			      /* above 0 */
	uint32_t class_uid, activity_id, severity_id; /* at most INT32_MAX; 0 = none */
	uint8_t verdict;			      /* enum store_verdict */
	/* for event_class.h */
	bool has_activity, has_severity, has_product; /* they stand there */
	uint32_t category_uid;			      /* as class_uid */
	uint64_t type_uid;
	char version[16];   /* metadata.version; cut */
	uint64_t coalesced; /* acts counted in this event beside its own */
	char user[64];	    /* actor.user.name; cut */
	char user_uid[16];  /* actor.user.uid; cut */
	char host[256];	    /* device.hostname; cut */
	char os[256];	    /* device.os.name; cut */
	/* of a policy of the console's: entity.name, status_code, unmapped.holdfast.bundle */
	char entity[32], status_code[32];	 /* cut */
	uint64_t bundle_version;		 /* 0 = none */
	char bundle_digest[65], bundle_mode[16]; /* cut */
};

/* -EBADMSG: no JSON object, or none with a class and a time. Nothing is written then. */
int event_fields_read(const char *json, size_t size, struct event_fields *ret_fields);

#endif
