/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what with the console, append-only: each row's link is a hash over the row and the link before
 * it, so that a row that is changed, taken out or put in between is found by whoever has the rows, and
 * one that is cut off at the end by whoever has kept a link.
 */
#ifndef HOLDFAST_CONSOLE_STORE_AUDIT_H
#define HOLDFAST_CONSOLE_STORE_AUDIT_H

#include "console/store/store.h"

/* NULL = "". Texts that are too long are cut. */
struct audit_act {
	const char *who, *act, *what;
	const char *before, *after; /* what was changed, in a few words */
	int64_t time_ms;
};

/* In the transaction of the act itself. 0 or negative errno of the store. */
int audit_note(struct store *store, const struct audit_act *act);
/*
 * The end of a transaction of which r came: the act is written down and all of it is there, or, when r
 * or what follows is a failure, none of it. 0 or negative errno, r's own before any other.
 */
int audit_commit(struct store *store, int r, const struct audit_act *act);
/* audit_note() for an act that changes nothing that has a value. */
int store_audit(
	struct store *store, const char *who, const char *act, const char *what, int64_t now_ms);

/* The link of a row behind one with link `before`. 0 or -EIO. */
int audit_link(const struct store_audit *row, const uint8_t before[CONSOLE_HASH_SIZE],
	uint8_t ret_link[CONSOLE_HASH_SIZE]);

#endif
