/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the spool share; for agent/uplink/spool_*.c only. */
#ifndef HOLDFAST_AGENT_UPLINK_SPOOL_PRIVATE_H
#define HOLDFAST_AGENT_UPLINK_SPOOL_PRIVATE_H

#include "agent/uplink/spool.h"
#include "agent/uplink/spool_files.h"

#define SPOOL_NAME_SIZE 32
#define SPOOL_SLACK	8 /* a file of which that part is unused is worth being rewritten */

struct spool_segment {
	uint64_t number;
	uint64_t first_sequence; /* of the header */
	uint64_t last_sequence;	 /* that before first_sequence when there are no records */
	uint64_t made_ms;
	uint64_t file_size;
	uint64_t used; /* bytes of header and records */
	uint32_t header_size;
	uint32_t records;
	uint32_t prunable;	       /* records */
	uint64_t alerts, pruned, lost; /* events */
	uint8_t previous[SEGMENT_HASH_SIZE];
	uint8_t link[SEGMENT_HASH_SIZE]; /* of the last record, else the header's hash */
};

struct spool_cursor {	 /* behind a record, for the next read */
	uint64_t number; /* of the segment; 0 = none */
	uint64_t offset;
	uint64_t next_sequence;
	uint32_t next_index;
	uint8_t link[SEGMENT_HASH_SIZE];
};

struct spool {
	struct spool_options options;
	struct spool_files files;
	bool is_directory; /* files is the real one, and ours */

	struct spool_segment
		*segments; /* by number; the last is the one written to while file >= 0 */
	size_t count, room;
	uint64_t bytes; /* of all their files */
	uint64_t next_number;
	bool is_removal_unsynced;
	bool is_rekeyed; /* the segment being written to is sealed to an earlier key: it ends */

	struct segment_sealer *sealer;
	int file;
	struct spool_segment synced; /* the last one as it was when it was last synced */
	uint64_t next_sequence, synced_sequence;
	uint8_t link[SEGMENT_HASH_SIZE], synced_link[SEGMENT_HASH_SIZE]; /* the last record's */
	uint32_t unsynced_events;
	uint64_t unsynced_since_ns;
	bool is_dirty;

	uint64_t acked_sequence;
	struct spool_cursor cursor;
	struct spool_losses losses;
	bool has_losses;
	uint8_t record[SEGMENT_RECORD_MAX]; /* being written */
};

enum spool_suffix { SPOOL_SUFFIX_NONE, SPOOL_SUFFIX_SEGMENT, SPOOL_SUFFIX_NEW, SPOOL_SUFFIX_BAD };
void spool_name(uint64_t number, enum spool_suffix what, char ret_name[SPOOL_NAME_SIZE]);
enum spool_suffix spool_name_parse(const char *name, uint64_t *ret_number);
/* Numbers of the segments that are there, sorted; what else is there goes to other, if that is not NULL. */
int spool_list(const struct spool_files *files, uint64_t **ret_numbers, size_t *ret_count,
	void (*other)(enum spool_suffix what, uint64_t number, void *userdata), void *userdata);

/* All of a segment's file. -EFBIG when it is none of ours. The caller frees. */
int spool_load(
	const struct spool_files *files, uint64_t number, uint8_t **ret_bytes, size_t *ret_size);
/*
 * Header and valid records of a file, up to the record of link stop (NULL = to the end; the header's
 * own previous link = none of them). -EBADMSG when it has no header of that number.
 */
struct spool_scan {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	uint64_t number;
	const uint8_t *stop;
	/* found: */
	struct segment_header header;
	struct spool_segment segment;
	bool is_stopped;  /* stop was met: what is behind was taken back */
	size_t bad_bytes; /* behind, up to the last that is not zero; none when stopped */
};
int spool_scan(struct spool_scan *scan);

/* Where the first of these segments that has a header says that the one before it ends. */
bool spool_find_stop(const struct spool_files *files, const uint64_t *numbers, size_t count,
	uint8_t ret_link[SEGMENT_HASH_SIZE]);
/* A file of these bytes under a name of its own, synced, then renamed; the directory is synced. */
int spool_publish(
	const struct spool_files *files, uint64_t number, const uint8_t *bytes, size_t size);
/* Its segment's numbers are added to it. */
void spool_count_record(struct spool_segment *segment, const struct segment_record *record);
/* What the next header's previous link is, after this segment. */
const uint8_t *spool_segment_end(const struct spool_segment *segment);

/* Fills the list of segments from the directory. */
int spool_recover(struct spool *spool);
/* Looks at a segment, not being written to, again: what is damaged goes to NUMBER.bad. -EIO if nothing is. */
int spool_mend(struct spool *spool, size_t index);
void spool_losses_missing(struct spool *spool, uint64_t first, uint64_t last);

/* Ends the segment being written to; what is not synced is taken back. */
void spool_abandon(struct spool *spool);
/* Ends the segment being written to, synced, and begins another one. */
int spool_begin_segment(struct spool *spool);
/* To the end of the list; the spool then stands behind it. -ENOMEM. */
int spool_add_segment(struct spool *spool, const struct spool_segment *segment);
/* Whether the others say where the spool stands: it is written nowhere else. */
bool spool_may_remove_oldest(const struct spool *spool);
/* Its file goes, and the directory is synced. */
int spool_remove_segment(struct spool *spool, size_t index);

/* Gets size bytes below the cap. 0, -ENOSPC, -EIO. */
int spool_make_room(struct spool *spool, uint64_t size);
/* Gives the disk back size bytes if it can: 0, -ENOSPC, -EIO. */
int spool_give_back(struct spool *spool, uint64_t size);

#endif
