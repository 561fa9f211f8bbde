/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where content came from and where it went: kernel records put into lineage.db, and trees drawn
 * from it. Nothing here decides; without it everything is enforced and recorded as before.
 */
#ifndef HOLDFAST_AGENT_ENGINE_LINEAGE_H
#define HOLDFAST_AGENT_ENGINE_LINEAGE_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/sensor/record.h"
#include "common/cleanup.h"
#include "policy/evaluate.h"

#define LINEAGE_QUEUE_MAX  8192 /* records not yet written; more are dropped and counted */
#define LINEAGE_BATCH	   256	/* records of one transaction */
#define LINEAGE_VOLUME_MAX 4096 /* device numbers whose file system is known */
#define LINEAGE_FAN_MAX	   100	/* drawn of what one node leads to */
#define LINEAGE_DEPTH_MAX  40
#define LINEAGE_LINE_MAX   1000 /* of one drawing */
#define LINEAGE_ROOT_MAX   4	/* files that had the same name */
#define LINEAGE_HOP_MAX	   16	/* of one process's line */

struct lineage;

/* boot_id names the boot whose records come. 0, or as lineage_store_open(). The caller frees. */
int lineage_open(const char *path, const char *boot_id, struct lineage **ret_lineage);
/* What waits is written. Accepts NULL. */
void lineage_free(struct lineage *lineage);
CLEANUP_DEFINE(struct lineage, lineage_free)

/* All of the following accept NULL for lineage: then there is none to keep. */

/* Which file system a device number means: its identity over reboots. */
void lineage_volume(struct lineage *lineage, uint32_t dev, const char *identity);
/* Queues what there is to keep of a record. app: name of the verified application or NULL. */
void lineage_take(struct lineage *lineage, const struct record *record, const char *app);

struct lineage_counts {
	uint64_t dropped; /* records that found the queue full, or no memory */
	uint64_t trimmed; /* rows that went to make room, or for their age */
};

/* Writes a batch of what waits, or all. Trims. 0 or negative errno with the batch still waiting. */
int lineage_write(struct lineage *lineage, bool is_all);
unsigned int lineage_waiting(const struct lineage *lineage);
struct lineage_counts lineage_counts(const struct lineage *lineage);

struct lineage_question {
	const struct hf_inode_key *key; /* NULL: go by path */
	const char *path;
	const struct policy_compiled *policy; /* for names of labels; may be NULL */
	void (*line)(struct json_object *line, void *userdata); /* takes the line over */
	void *userdata;
};

/*
 * Draws the tree of one file, line by line: each an object with section (file, from, to), depth
 * and what stands there. 0; -ENOENT when no such file is known; negative errno.
 */
int lineage_draw(struct lineage *lineage, const struct lineage_question *question);

/*
 * One labelled reader: who, since when, which files, which hops. Processes and files of others
 * are nameless to a viewer who is not root. NULL without memory; caller puts.
 */
struct json_object *lineage_reader(struct lineage *lineage, const struct policy_compiled *policy,
	const struct hf_reader *reader, uint32_t viewer);

#endif
