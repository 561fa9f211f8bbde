/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of the screen as two saw them: the kernel part, before the display server read the request,
 * and holdfast-session, when the server carried it out. Pure: no clock, no log. Whose word it is does
 * not matter here; a witness runs as a user, so what it says adds events and takes none away.
 */
#ifndef HOLDFAST_AGENT_ENGINE_RECONCILE_H
#define HOLDFAST_AGENT_ENGINE_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECONCILE_RECORDS_MAX 256 /* of the kernel part, the newest */
#define RECONCILE_REPORTS_MAX 64 /* that wait; more are told at once, as nobody can wait for ever */
#define RECONCILE_SETTLE_MS   4000 /* so long the kernel's record may come after the witness's word */
#define RECONCILE_WINDOW_MS   60000 /* or before it: records of one process are coalesced */
#define RECONCILE_NAME_SIZE   64

struct reconcile_record {
	uint32_t tgid;
	uint16_t method; /* enum hf_screen_method, whose numbers are capture_method's */
	bool is_refused;
	uint64_t at_ms; /* of the boot clock */
};

struct reconcile_report {
	uint32_t uid; /* who says so */
	uint32_t pid; /* who captured; 0 = not known */
	uint16_t method;
	uint64_t count;
	uint64_t at_ms; /* when it came */
	char program[RECONCILE_NAME_SIZE];
	char display[RECONCILE_NAME_SIZE];
};

enum reconcile_verdict {
	RECONCILE_AGREES,  /* the kernel part let it pass, and recorded it */
	RECONCILE_UNSEEN,  /* the kernel part knows nothing of it */
	RECONCILE_REFUSED, /* it refused that process, and the server did it all the same */
};

struct reconcile {
	struct reconcile_record records[RECONCILE_RECORDS_MAX];
	unsigned int record_next;
	struct reconcile_report reports[RECONCILE_REPORTS_MAX];
	unsigned int report_count;
};

void reconcile_record(struct reconcile *reconcile, const struct reconcile_record *record);
/* False when there is no room for one more that waits. */
bool reconcile_report(struct reconcile *reconcile, const struct reconcile_report *report);
/* The next report that has waited long enough, and what the kernel part has of it. False: none. */
bool reconcile_next(struct reconcile *reconcile, uint64_t now_ms,
	struct reconcile_report *ret_report, enum reconcile_verdict *ret_verdict);

#endif
