/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the file of a browser is to say, from what it says, what was written there last and what it said
 * before us; and whether somebody changed it meanwhile. No I/O.
 */
#ifndef HOLDFAST_AGENT_BROWSER_PLAN_H
#define HOLDFAST_AGENT_BROWSER_PLAN_H

#include "agent/browser/settings.h"

struct plan_from {
	struct text current; /* outside bytes: the administrator's, or anybody's who is root */
	struct text before;  /* what it said without our settings; none = there was no such file */
	struct text written; /* by us, last; none = we are not there */
	struct text other;   /* Firefox: what it would read if there were no such file */
};

struct plan {
	struct text before; /* as it is to be kept now */
	struct text file;   /* none = there is to be no such file */
	bool has_drifted;   /* it does not say any more what we had it say */
};

/* want NULL: as it was before. 0: *ret_plan is the caller's, plan_done() it. -ENOMEM. */
int plan_make(enum browser browser, const struct plan_from *from, const struct browser_want *want,
	struct plan *ret_plan);
void plan_done(struct plan *plan);

/*
 * Whether a file that Chromium reads after ours says something else of what we say. It counts as such when
 * it can't be read.
 */
bool plan_is_rival(const struct text *text, const struct browser_want *want);

#endif
