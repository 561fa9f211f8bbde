/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a ticket (common/ticket.h) is good, for a service that asks by its token: the device is ours
 * and trusted now, the ticket is signed by it, for this service, of the right tenant, for now, says of the
 * device what the store knows of it, and is shown for the first time. Each misuse is a finding. The ticket is outside bytes: tests/fuzz/ticket_check.c.
 */
#ifndef HOLDFAST_CONSOLE_STORE_TICKET_CHECK_H
#define HOLDFAST_CONSOLE_STORE_TICKET_CHECK_H

#include "console/store/device_record.h"
#include "console/store/store.h"

#define TICKET_LEEWAY_S	  60   /* that clocks may differ by */
#define TICKET_LIFE_MAX_S 3600 /* no agent makes one that is good for longer */
#define TICKET_WHY_SIZE	  96

/* In a transaction. 0 with *ret_checked, a refusal of who asks counted; negative errno of the store. */
int ticket_check(struct store *store, const struct console_check *check, const char *ticket,
	size_t size, struct console_checked *ret_checked);

/* --- ticket_parse.c: what stands in it, nothing is proven --- */

struct ticket_parts {
	uint8_t certificate[CONSOLE_CERTIFICATE_MAX]; /* the first of x5c, DER */
	size_t certificate_size;
	uint8_t signature[64];
	size_t signed_size; /* of the ticket: what the signature is of */
	char device[64], issuer[64], account[129], audience[STORE_TEXT_SIZE], tenant[65], app[65],
		trust[17], id[STORE_TICKET_SIZE], nonce[129];
	int64_t issued_s, not_before_s, expires_s;
	struct device_record posture; /* of that what a ticket says; "" = does not say */
	uint64_t bundle;	      /* the policy in force; 0 = none of ours */
};

/* 0 or -EBADMSG. */
int ticket_parse(const char *ticket, size_t size, struct ticket_parts *ret_parts);
/* Whether it is signed by its certificate's key, P-256. */
bool ticket_is_signed(const char *ticket, const struct ticket_parts *parts);

/*
 * --- ticket_posture.c: what it says of the device, before what the store knows of that. 0 or negative errno
 * of the store. *ret_verdict: TICKET_GOOD, _STALE, _CONTRADICTS or _UNFIT; *ret_why says of what, "" = of
 * nothing ---
 */
int ticket_posture_judge(struct store *store, const struct store_device *device,
	const struct ticket_parts *parts, enum ticket_verdict *ret_verdict,
	char ret_why[TICKET_WHY_SIZE]);

#endif
