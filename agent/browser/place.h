/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of one browser on the disk, and what is kept of it in the own directory: NAME.before and
 * NAME.written (plan.h). Written so that whatever breaks off, the next look puts it right.
 */
#ifndef HOLDFAST_AGENT_BROWSER_PLACE_H
#define HOLDFAST_AGENT_BROWSER_PLACE_H

#include <limits.h>

#include "agent/ipc/browser.h"

#define PLACE_FILES_MAX 256 /* of others in a directory that are looked at; more count as a rival */

struct places {
	int root_fd;  /* borrowed: where paths begin */
	int state_fd; /* borrowed: the own directory */
};

/* What a look found and did. */
struct place_look {
	bool is_written;	  /* the file was written, or taken away */
	bool has_drifted;	  /* somebody had changed it */
	bool was_removed;	  /* in that it was not there */
	char rival[NAME_MAX + 1]; /* which other file says something else; "" = none */
};

/*
 * Has the file say what is wanted; want NULL: what it said before, once. 0 or negative errno. The
 * directory is made where there is none.
 */
int place_look(const struct places *places, enum browser browser, const struct browser_want *want,
	struct place_look *ret_look);

#endif
