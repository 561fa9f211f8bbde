/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What engine and holdfast-browser say to each other. The engine says domains and no settings: who takes
 * it over can't have browsers load anything. Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_BROWSER_H
#define HOLDFAST_AGENT_IPC_BROWSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/browser.h"
#include "common/wire.h"

#define BROWSER_LETTER	     'B'	/* to the supervisor: wanted; from it: here is its socket */
#define BROWSER_PATH_SIZE    512	/* cut */
#define BROWSER_STATE_SUFFIX "-browser" /* its own directory: beside the engine's, root's */

enum browser_message {
	/* engine to holdfast-browser */
	BROWSER_WANT = 1, /* struct browser_want: all of it, again whenever it changes */
	/* holdfast-browser to engine */
	BROWSER_STATE = 10, /* struct browser_state: after each write, and when it changes */
	BROWSER_DRIFT = 11, /* struct browser_drift */
};

struct browser_want {
	uint8_t browsers; /* 1 << enum browser; the files of others are put back as they were */
	size_t domain_count;
	char domains[BROWSER_DOMAIN_MAX][BROWSER_DOMAIN_SIZE];
};

struct browser_state {
	uint8_t in_place;	     /* 1 << enum browser: the file says what is wanted */
	uint8_t overridden;	     /* likewise: and another one says something else */
	int32_t errors[BROWSER_MAX]; /* 0 or negative errno: it can't be written or put back */
};

enum browser_drift_kind {
	BROWSER_CHANGED = 1, /* and has been put right, as REMOVED */
	BROWSER_REMOVED = 2,
	BROWSER_OVERRIDDEN = 3, /* by the file at that path, which stays */
	BROWSER_DRIFT_END,
};

struct browser_drift {
	uint8_t kind;
	uint8_t browser;
	char path[BROWSER_PATH_SIZE];
};

void browser_put_want(struct bytes_writer *frame, const struct browser_want *want);
/* Bad also when a domain has other characters than a-z, 0-9, - and dots. */
void browser_get_want(struct bytes_reader *payload, struct browser_want *ret_want);
void browser_put_state(struct bytes_writer *frame, const struct browser_state *state);
void browser_get_state(struct bytes_reader *payload, struct browser_state *ret_state);
void browser_put_drift(struct bytes_writer *frame, const struct browser_drift *drift);
void browser_get_drift(struct bytes_reader *payload, struct browser_drift *ret_drift);

#endif
