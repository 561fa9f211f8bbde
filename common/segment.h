/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments: how events lie in the agent's spool and travel to the console, sealed for the console,
 * chained so that nothing is left out unseen, and signed by the device. All little-endian.
 *
 *   header:  magic "HFSEG1\0\0", device uid 16, boot uid 16, segment number u64, first sequence u64,
 *            console key id 16, HPKE enc 32, previous link 32, made_ms u64,
 *            signature {u16 size, at most 80 bytes: ECDSA P-256, SHA-256, DER} of all before it
 *   record:  fixed fields {size of the whole u32, index u32, first_sequence u64, count u32, kind u8,
 *            is_pruned u8, raw_size u32}, content, link 32
 *   content: AES-256-GCM(zstd(lines)) with its tag; raw_size is that of the lines. A lost record's
 *            is the tag of nothing. A pruned record's is {size of the whole before u32, SHA-256 of
 *            the content before 32}
 *   batch:   header, the link before its first record 32, consecutive whole records of that segment
 *
 *   info of HPKE = "holdfast segment 1", the header's bytes before enc; message number = index
 *   AAD          = SHA-256(header), the link before, fixed fields
 *   record hash  = SHA-256(fixed fields as first written, SHA-256(content as first written))
 *   link         = SHA-256(the link before, record hash)
 *   the link before the first record of a segment = SHA-256(header, with its signature)
 *   previous link of a header = the last link of the last segment before it that has records
 *
 * Fixed fields as first written are those with is_pruned 0 and the size before, so a pruned record
 * still has its hash: that it was there, which numbers it had, and that its content is gone.
 *
 * The links themselves need no key. The key that seals a record exists only in the sealing process,
 * for the life of one segment, and each record is sealed with the link before it in its AAD: who takes
 * the device over later can't read, alter, reorder or insert records that are there, as the next one
 * would not open, nor change the last link of a segment, as the next header that names it is signed. That
 * is why no MAC with a ratcheting key is needed beside. What it can do is to cut off the end, which
 * the console sees by the last sequence and link that it has acknowledged or heard of.
 *
 * Parsing is of untrusted bytes. What parses is not yet proven: a header by segment_header_verify(),
 * a record's place by segment_run_next(), its content by segment_open_record().
 */
#ifndef HOLDFAST_COMMON_SEGMENT_H
#define HOLDFAST_COMMON_SEGMENT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/cleanup.h"
#include "common/hpke.h"

#define SEGMENT_UID_SIZE      16
#define SEGMENT_HASH_SIZE     32 /* of a link too */
#define SEGMENT_SIGNATURE_MAX 80
#define SEGMENT_SIGNED_SIZE   144 /* bytes of a header before the signature's size */
#define SEGMENT_HEADER_MAX    (SEGMENT_SIGNED_SIZE + 2 + SEGMENT_SIGNATURE_MAX)
#define SEGMENT_FIXED_SIZE    26
#define SEGMENT_EVENTS_MAX    100	/* in a record, but for lost ones */
#define SEGMENT_CONTENT_MAX   65536	/* bytes of a record's content */
#define SEGMENT_RAW_MAX	      (4 << 20) /* bytes of its lines */
#define SEGMENT_RECORD_MAX    (SEGMENT_FIXED_SIZE + SEGMENT_CONTENT_MAX + SEGMENT_HASH_SIZE)
#define SEGMENT_PRUNED_SIZE   (SEGMENT_FIXED_SIZE + 4 + SEGMENT_HASH_SIZE + SEGMENT_HASH_SIZE)
#define SEGMENT_BATCH_MAX     102400 /* bytes: fits a frame of common/wire.h with room to spare */

enum segment_kind { /* on the wire */
	SEGMENT_NORMAL = 1,
	SEGMENT_ALERT = 2, /* never pruned: a pruned one does not parse */
	SEGMENT_LOST = 3,  /* these numbers never reached the spool */
	SEGMENT_KIND_MAX,
};

struct segment_header {
	uint8_t device_uid[SEGMENT_UID_SIZE];
	uint8_t boot_uid[SEGMENT_UID_SIZE];
	uint64_t number;
	uint64_t first_sequence; /* of the first record */
	uint8_t key_id[HPKE_KEY_ID_SIZE];
	uint8_t enc[HPKE_ENC_SIZE];
	uint8_t previous[SEGMENT_HASH_SIZE];
	uint64_t made_ms;
	uint8_t bytes[SEGMENT_HEADER_MAX]; /* as on the wire */
	size_t size;
	uint8_t hash[SEGMENT_HASH_SIZE]; /* of these; the link before the first record */
};

struct segment_record {
	uint32_t index;
	uint32_t count; /* of events: numbers first_sequence to first_sequence + count - 1 */
	uint64_t first_sequence;
	enum segment_kind kind;
	bool is_pruned;
	uint32_t raw_size;
	const uint8_t *bytes; /* borrowed: the whole record */
	size_t size;
	const uint8_t *content; /* within bytes */
	size_t content_size;
	const uint8_t *link;		   /* within bytes */
	uint8_t before[SEGMENT_HASH_SIZE]; /* the link before, set by segment_run_next() */
};

/* Headers and records of others */

/* Takes a header off the reader. -EBADMSG. */
int segment_header_parse(struct bytes_reader *reader, struct segment_header *ret_header);
/* Whether the device of that public key signed it: 0, -EBADMSG, or -EINVAL when it is no P-256 key. */
int segment_header_verify(const struct segment_header *header, EVP_PKEY *key);

/* Takes one record off the reader; nothing is taken on failure. -EBADMSG. */
int segment_record_parse(struct bytes_reader *reader, struct segment_record *ret_record);
/* Whether the record's link follows from the one before. 0, -EBADMSG, -EIO. */
int segment_record_verify(
	const struct segment_record *record, const uint8_t before[SEGMENT_HASH_SIZE]);
/* The pruned form of a normal record that is not pruned. 0, -EINVAL, -EIO. */
int segment_record_prune(
	const struct segment_record *record, uint8_t ret_bytes[SEGMENT_PRUNED_SIZE]);

/* Consecutive records: members are segment_run_next()'s own, but for those to look at. */
struct segment_run {
	struct bytes_reader reader;	 /* .at: behind the last record */
	uint8_t link[SEGMENT_HASH_SIZE]; /* the last one */
	uint64_t next_sequence;		 /* 0 = any */
	uint32_t next_index;
	bool is_index_known;
};

/* Records from a segment's first on; the bytes are borrowed. */
void segment_run_begin(struct segment_run *ret_run, const struct segment_header *header,
	const void *bytes, size_t size);
/*
 * A batch: its header, not verified, and a run over its records; the bytes are borrowed. It can't be
 * told from a batch alone whether its first record is the first of the segment or follows what the
 * reader has seen: compare run.link and the first record's first_sequence. -EBADMSG, -EMSGSIZE.
 */
int segment_batch_parse(const void *bytes, size_t size, struct segment_header *ret_header,
	struct segment_run *ret_run);
/*
 * 1 and the next record, which has its place: index, sequence and link follow from the record
 * before; 0 at the end of the bytes; -EBADMSG, which stays, and run.reader.at is where it begins.
 */
int segment_run_next(struct segment_run *run, struct segment_record *ret_record);

/* Sealing */

struct segment_plan {
	uint8_t device_uid[SEGMENT_UID_SIZE];
	uint8_t boot_uid[SEGMENT_UID_SIZE];
	uint64_t number;
	uint64_t first_sequence;
	uint8_t console_key[HPKE_KEY_SIZE];
	uint8_t previous[SEGMENT_HASH_SIZE]; /* zeros = nothing was ever before */
	uint64_t made_ms;
	/* Signs with the device's key, DER, at most SEGMENT_SIGNATURE_MAX bytes. 0 or negative errno. */
	int (*sign)(const void *bytes, size_t size, uint8_t *ret_signature,
		size_t *ret_signature_size, void *userdata);
	void *userdata;
};

struct segment_frame {
	uint64_t first_sequence;
	uint32_t count;
	enum segment_kind kind;
	const char *lines; /* count of them, each with its newline; none when lost */
	size_t size;
};

struct segment_sealer;

/* A new key for a new segment. What sign() says, -EBADMSG when the console's key is none, -ENOMEM, -EIO. */
int segment_sealer_new(const struct segment_plan *plan, struct segment_sealer **ret_sealer);
/* Wipes: nothing can be sealed into that segment any more. Accepts NULL. */
void segment_sealer_free(struct segment_sealer *sealer);
CLEANUP_DEFINE(struct segment_sealer, segment_sealer_free)
/* Borrowed. */
const struct segment_header *segment_sealer_header(const struct segment_sealer *sealer);
/*
 * The next record into ret_bytes, SEGMENT_RECORD_MAX of them. -EINVAL when the frame is not what its
 * numbers say, -ERANGE when its first sequence is not the next, -EMSGSIZE when it is too large:
 * split it. After these three the sealer goes on; after any other failure it is of no more use.
 */
int segment_seal(struct segment_sealer *sealer, const struct segment_frame *frame,
	uint8_t *ret_bytes, size_t *ret_size);

/* Opening */

struct segment_opener;

/* For one segment, by the private key of header.key_id. -EBADMSG, -ENOMEM, -EIO. */
int segment_opener_new(const struct segment_header *header,
	const uint8_t private_key[HPKE_KEY_SIZE], struct segment_opener **ret_opener);
/* Wipes. Accepts NULL. */
void segment_opener_free(struct segment_opener *opener);
CLEANUP_DEFINE(struct segment_opener, segment_opener_free)
/*
 * The lines of a record that segment_run_next() gave: count of them, each with its newline, and a NUL
 * behind; none of a lost record, which is proven all the same. -ENODATA when it is pruned, -EBADMSG
 * when it is not authentic or not what its fixed fields say. The caller frees.
 */
int segment_open_record(struct segment_opener *opener, const struct segment_record *record,
	char **ret_lines, size_t *ret_size);
/*
 * The lines of the record that was opened last as they came, one frame of zstd: whoever keeps them
 * need not compress them again. Borrowed until the next is opened. NULL when it had none.
 */
const void *segment_packed(const struct segment_opener *opener, size_t *ret_size);

#endif
