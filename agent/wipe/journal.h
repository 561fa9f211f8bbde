/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is being destroyed, and how far that has come: two lines, and what the receipt will say, in its own form.
 * Replaced whole and durably, so that a power cut leaves the one before or the next.
 */
#ifndef HOLDFAST_AGENT_WIPE_JOURNAL_H
#define HOLDFAST_AGENT_WIPE_JOURNAL_H

#include <stdbool.h>

#include "common/wipe_receipt.h"

/* Each is written down before what it names is begun. */
enum journal_phase {
	JOURNAL_KEYS = 1,
	JOURNAL_FILES = 2,
	JOURNAL_VAULTS = 3,
	JOURNAL_LINEAGE = 4,
	JOURNAL_RECEIPT = 5, /* all is destroyed; it is signed and left to uplink */
	JOURNAL_DELIVERY = 6,
	JOURNAL_DONE = 7,
	JOURNAL_PHASE_MAX
};

struct journal {
	enum journal_phase phase;
	bool is_counted;	     /* what lies in a grave is in `removed` already */
	struct wipe_receipt receipt; /* key and ended_s: of its end only */
};

#define JOURNAL_MAX (WIPE_RECEIPT_TEXT + 64) /* bytes */

/* 0; -ENOENT; -EBADMSG: nobody here wrote that; negative errno. */
int journal_read(int directory_fd, struct journal *ret_journal);
/* 0 or negative errno. */
int journal_write(int directory_fd, const struct journal *journal);
/* For journal_read() and tests. */
int journal_parse(const char *text, size_t size, struct journal *ret_journal);
/* Bytes, NUL not counted; negative errno. */
int journal_format(const struct journal *journal, char ret_text[JOURNAL_MAX]);

#endif
