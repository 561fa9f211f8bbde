/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: a directory of segments (common/segment.h), NUMBER.seg in 16 hexadecimal digits, which
 * hold events until the console has them. It can't read what it holds.
 *
 * A segment is made whole and synced before it gets its name; it is preallocated, never resized and
 * never gone on with by another process: a start replaces the last one by a copy without the space that
 * it did not use, and begins a new one with the first frame. Where the
 * spool stands is in the segments and nowhere else; so the last one is kept even when all of it is
 * acknowledged. A frame counts when its sync has returned: a record whose write or sync failed ends
 * its segment, and what was not synced is taken back, so after any failure to append, sync or read ask
 * spool_next_sequence() again.
 *
 * What is damaged, at the start or when it is read, is cut behind its last valid link: the rest goes
 * to NUMBER.bad (a batch in form, of which the records may be anything) and is reported; the spool
 * goes on. At the cap the oldest normal records are pruned, which keeps their place in the chain, and
 * reported; alerts are never dropped: when nothing else is left, appending fails with -ENOSPC. Oldest
 * segments of nothing but pruned and lost records are removed when even that makes no room, and such
 * without alerts when a full disk has no room for what pruning leaves; their numbers are then missing to
 * the console, and reported as such.
 */
#ifndef HOLDFAST_AGENT_UPLINK_SPOOL_H
#define HOLDFAST_AGENT_UPLINK_SPOOL_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/segment.h"

#define SPOOL_SEGMENT_SIZE     (4 << 20)    /* bytes preallocated */
#define SPOOL_SEGMENT_SIZE_MAX (16 << 20)   /* a larger file is none of ours */
#define SPOOL_SEGMENTS_MAX     4096	    /* files */
#define SPOOL_SIZE_MAX	       (256 << 20)  /* bytes of all segments: the cap */
#define SPOOL_BAD_MAX	       4	    /* files NUMBER.bad that are kept, the youngest */
#define SPOOL_SYNC_EVENTS      100	    /* that wait at most for a sync ... */
#define SPOOL_SYNC_NS	       200000000ull /* ... and how long */

struct spool;
struct spool_files;

struct spool_options {
	uint8_t device_uid[SEGMENT_UID_SIZE];
	uint8_t boot_uid[SEGMENT_UID_SIZE];
	uint8_t console_key[HPKE_KEY_SIZE];
	/* As in struct segment_plan: called once a segment, within spool_append(). */
	int (*sign)(const void *bytes, size_t size, uint8_t *ret_signature,
		size_t *ret_signature_size, void *userdata);
	void *userdata;
	uint64_t first_sequence;	 /* where an empty directory begins; 0 = 1 */
	size_t segment_size, size_max;	 /* zero = the values above; at least 4 segments must fit */
	const struct spool_files *files; /* borrowed; NULL = the directory */
};

/*
 * Opens what is there and recovers it; what was found: spool_take_losses(). Makes no segment, so it
 * does not fail for want of space. -EBUSY when another process writes here, -EINVAL, -ENOMEM, -EIO
 * and what open(2) says. The caller frees.
 */
int spool_open(
	const char *directory, const struct spool_options *options, struct spool **ret_spool);
/* Syncs. Accepts NULL. */
void spool_free(struct spool *spool);
CLEANUP_DEFINE(struct spool, spool_free)

/* When the console has a new key: the next event begins a segment that is sealed to it. */
void spool_set_console_key(struct spool *spool, const uint8_t console_key[HPKE_KEY_SIZE]);
/*
 * Oldest segments that are sealed to any other key than the console's are removed, when the console
 * says that it can't open them: what they hold is reported as missing. How many, or negative errno.
 */
int spool_drop_foreign(struct spool *spool);
/* All that is not delivered goes, and is reported as missing; the numbers go on. 0 or negative errno. */
int spool_drop_all(struct spool *spool);

/* What the engine shall send next. */
uint64_t spool_next_sequence(const struct spool *spool);
/* The last one that a power cut can't take; 0 or that before options.first_sequence when none is. */
uint64_t spool_synced_sequence(const struct spool *spool);

/*
 * Appends 1 to SEGMENT_EVENTS_MAX normal events or alerts. One that begins above spool_next_sequence()
 * has a lost record written before it; what lies below is skipped, event by event. Alerts are
 * synced before this returns, normal ones by spool_sync(). -EINVAL and -EMSGSIZE as segment_seal(),
 * -ENOSPC when disk or cap are full, -ERANGE when more than 2^32 - 1 are lost, -EIO and what sign() says.
 */
int spool_append(struct spool *spool, const struct segment_frame *frame);
/* Brings to disk what is due, or all. 0 or negative errno. */
int spool_sync(struct spool *spool, bool is_all);
/* When spool_sync() has something to do, in clock_boot_ns(); UINT64_MAX = nothing waits. */
uint64_t spool_sync_due_ns(const struct spool *spool);

struct spool_batch {
	uint8_t *bytes;	 /* the caller's */
	size_t size_max; /* of them: at least SEGMENT_BATCH_MAX to be sure of progress */
	size_t size;
	uint64_t first_sequence, last_sequence;
	uint32_t records;
	bool has_alert;
};

/*
 * The records behind after_sequence as a batch of at most SEGMENT_BATCH_MAX bytes, of one segment, and
 * only what is synced: what the console has seen is never taken back. 1, 0 when there is none,
 * -ENOBUFS when size_max is too small, -EIO. Checks links; what is damaged is cut off as at the start.
 */
int spool_read(struct spool *spool, uint64_t after_sequence, struct spool_batch *batch);
/* The console has all up to it: segments that have no more are removed. 0 or negative errno. */
int spool_ack(struct spool *spool, uint64_t sequence);

struct spool_status {
	uint32_t segments;
	uint64_t bytes;	    /* on disk */
	uint64_t waiting;   /* events behind what is acknowledged, pruned and lost ones counted */
	uint64_t oldest_ms; /* when the oldest segment with such was made; 0 = nothing waits */
	uint64_t pruned;    /* events of pruned records that are still here */
	uint64_t lost;	    /* events of lost records that are still here */
	uint64_t acked_sequence;	 /* since the start; 0 = none yet */
	uint8_t link[SEGMENT_HASH_SIZE]; /* of spool_synced_sequence() */
};
void spool_status(const struct spool *spool, struct spool_status *ret_status);

struct spool_losses {
	uint64_t pruned;		    /* events whose content went */
	uint64_t pruned_first, pruned_last; /* that lie between these */
	uint64_t missing; /* events that the console will never hear of: damaged, or removed */
	uint64_t missing_first, missing_last; /* and lie between these */
	uint64_t bad_bytes;		      /* set apart: of damage, or torn by a power cut */
	uint32_t bad_segments;		      /* that had some */
};
/*
 * What went since it was last asked for, for an event of it; the first time what the start found.
 * False when nothing. A torn end has only bad_bytes: its events are asked for anew by
 * spool_next_sequence().
 */
bool spool_take_losses(struct spool *spool, struct spool_losses *ret_losses);

struct spool_proof {
	uint32_t segments;
	uint64_t records, events;      /* pruned and lost ones counted */
	uint64_t alerts, pruned, lost; /* events of such records */
	uint64_t first_sequence, last_sequence;
	uint64_t missing; /* between them */
	uint32_t bad_signatures;
	uint32_t broken_links; /* segments that do not follow from the one before */
	uint32_t bad_segments; /* with bytes that are no records, or no header; bad_bytes of them */
	uint64_t bad_bytes;
	uint32_t apart;			 /* files NUMBER.bad, of damage that was found before */
	uint64_t bad_number;		 /* the first segment with any of these */
	uint64_t tail_bytes;		 /* behind the last segment's end: being written, or torn */
	uint8_t link[SEGMENT_HASH_SIZE]; /* the last one */
};
/*
 * Proves the chain of what lies in directory, without a lock and without changing anything: a writer
 * may be at work. key: of the device, NULL = signatures are not looked at. 0 whatever it finds: all
 * is well when missing, bad_signatures, broken_links, bad_segments and, looked at again, tail_bytes are
 * 0. Negative errno.
 */
int spool_verify(const char *directory, EVP_PKEY *key, struct spool_proof *ret_proof);
int spool_verify_files(
	const struct spool_files *files, EVP_PKEY *key, struct spool_proof *ret_proof);

#endif
