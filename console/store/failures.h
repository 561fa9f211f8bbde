/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that goes wrong with this console, and what then: one table of reasons, how often each
 * was met since the console was started, and when last. What is wrong with a device's events is a
 * finding besides (finding_event.c); what an export's receiver does is `export status`.
 */
#ifndef HOLDFAST_CONSOLE_STORE_FAILURES_H
#define HOLDFAST_CONSOLE_STORE_FAILURES_H

#include <stdint.h>

enum console_failure {
	CONSOLE_FAILURE_NONE,
	CONSOLE_FAILURE_FULL,	   /* no room for what devices bring */
	CONSOLE_FAILURE_AWAY,	   /* a database on another machine does not answer */
	CONSOLE_FAILURE_CONFLICT,  /* a transaction met another console's, and is not done */
	CONSOLE_FAILURE_REPEATED,  /* it met one, and was begun again */
	CONSOLE_FAILURE_DATABASE,  /* it failed in another way */
	CONSOLE_FAILURE_POLICY,	   /* a published policy can't be handed out */
	CONSOLE_FAILURE_EXPORT,	   /* events can't be read for one, or its place not noted */
	CONSOLE_FAILURE_ENDED,	   /* a process of the console ended, or hung */
	CONSOLE_FAILURE_BATCH,	   /* events that are not taken */
	CONSOLE_FAILURE_DEVICE,	   /* a certificate that is no trusted device's */
	CONSOLE_FAILURE_ENROLMENT, /* somebody who is not enrolled */
	CONSOLE_FAILURE_MAX,
};

#define CONSOLE_FAILURE_TEXT_SIZE 160
#define CONSOLE_FAILURE_SAYS_MAX  240 /* letters */

struct failure_row {
	const char *name;
	const char *says;    /* what becomes of it, and what to do */
	const char *finding; /* the kind that tells it too, per device; NULL = none */
};

struct failures {
	struct failure_count {
		uint64_t count;
		int64_t last_ms;
		char text[CONSOLE_FAILURE_TEXT_SIZE]; /* of the last time */
	} counts[CONSOLE_FAILURE_MAX];
};

/* NULL for what is none. */
const struct failure_row *failure_row(enum console_failure failure);
/* What it is that the store answers with a negative errno. */
enum console_failure failure_of_error(int error);
/* What a refusal of console/ipc/refusal.h is; NONE for those that are in order. */
enum console_failure failure_of_refusal(uint16_t refusal);

/* Once more. CONSOLE_FAILURE_NONE is passed over. */
void failure_note(struct failures *failures, enum console_failure failure, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct json_object;
/* An array of those that were met; the caller puts it. NULL without memory. */
struct json_object *failures_object(const struct failures *failures);

#endif
