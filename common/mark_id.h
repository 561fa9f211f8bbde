/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of blind marks (watermark/key.h) travel as keys of labels do (common/key_words.h), under ids
 * that no label has: a device asks for a user's, and is granted the parts of one pen, which write as
 * that user on that device only. The tenant's own key, of which they are made, has an id as well, and
 * is granted to nobody.
 */
#ifndef HOLDFAST_COMMON_MARK_ID_H
#define HOLDFAST_COMMON_MARK_ID_H

#include <stdbool.h>
#include <stdint.h>

#define MARK_ID_SIZE   16
#define MARK_ID_TENANT UINT32_MAX /* as uid: nobody's (uid_t)-1 */

/* A pen of generation N has the parts 1 to 3, each a key. */
enum mark_part {
	MARK_WHOLE = 0, /* of questions, and the tenant's */
	MARK_LATTICE = 1,
	MARK_CIPHER = 2,
	MARK_OWN = 3,
	MARK_PART_MAX,
};

struct mark_id {
	uint8_t part; /* enum mark_part */
	uint32_t uid;
	uint32_t subject; /* the console's number of that user on that device; of MARK_WHOLE 0 */
};

/* "HFMARK", u8 part, u8 0, u32 uid, u32 subject. */
void mark_id_write(const struct mark_id *mark, uint8_t ret_id[MARK_ID_SIZE]);
/* False: it is a label's. */
bool mark_id_read(const uint8_t id[MARK_ID_SIZE], struct mark_id *ret_mark);
/* The id that a key was asked for by: a label's own; of parts the whole's. */
void mark_id_asked(const uint8_t id[MARK_ID_SIZE], uint8_t ret_asked[MARK_ID_SIZE]);

#endif
