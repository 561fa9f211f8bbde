/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kernel record is written once: not twice when the sensor hands it over again after a crash,
 * and never silently not at all. Pure.
 */
#ifndef HOLDFAST_AGENT_ENGINE_ACCOUNTING_H
#define HOLDFAST_AGENT_ENGINE_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>

#define ACCOUNTING_WINDOW 8192 /* sequences remembered; more than are ever in flight */

struct accounting {
	uint32_t counts_id; /* whose records: sequences of another kernel part begin anew */
	uint64_t delivered; /* of its records in the log */
	uint64_t dropped;   /* that could not become an event; told by one of their own */
	uint64_t last;	    /* highest sequence among them */
	uint64_t again;	    /* handed over again and not written twice */
	uint64_t seen[ACCOUNTING_WINDOW / 64];
};

/*
 * The records that follow are of this kernel part. Another than before, as after a release and a new
 * load, has made nothing yet. 0 = written by an agent that did not say: taken for the next one named.
 */
void accounting_begin(struct accounting *accounting, uint32_t counts_id);
/*
 * A line read back from the log at start: the sequence of its record (0 = it had none that could be
 * read), and the totals that it was written with.
 */
void accounting_restore(
	struct accounting *accounting, uint64_t sequence, uint64_t delivered, uint64_t dropped);
/* Whether this record is not in the log yet. Sequences come nearly in order. */
bool accounting_is_new(const struct accounting *accounting, uint64_t sequence);
/* It is in the log now. */
void accounting_take(struct accounting *accounting, uint64_t sequence);
/* It never will be, and the log says so. sequence 0 = not known. */
void accounting_drop(struct accounting *accounting, uint64_t sequence);

#endif
