/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where those meet who destroy what the console orders: the engine asks for holdfast-wipe and says what the policy
 * wants, holdfast-wipe destroys and leaves its signed receipt, uplink delivers that. Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_WIPE_H
#define HOLDFAST_AGENT_IPC_WIPE_H

#define WIPE_LETTER    'D'			/* engine to supervisor: holdfast-wipe is wanted */
#define WIPE_DIRECTORY "/var/lib/holdfast-wipe" /* root's: its journal */
#define WIPE_JOURNAL   "journal"
/* In uplink's state directory, by holdfast-wipe; removed by uplink once the console has taken it. */
#define WIPE_RECEIPT "wipe.receipt"

/* Of LOCAL_WIPE_TELL. */
enum wipe_event {
	WIPE_ORDERED = 1, /* proven, and in the journal */
	WIPE_BEGUN = 2,
	WIPE_PROGRESS = 3, /* no event: for `holdfast status` */
	WIPE_ENDED = 4,	   /* all is destroyed that can be; the receipt is on its way */
	WIPE_FAILED = 5,   /* does not come further, and tries again */
	WIPE_IDLE = 6,	   /* nothing, or nothing more, is to be done for the word that there is */
	WIPE_EVENT_MAX
};

#define WIPE_MARKS_A_TIME 256 /* of one answer to LOCAL_WIPE_MARKS */

#endif
