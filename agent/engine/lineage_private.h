/* SPDX-License-Identifier: Apache-2.0 */
/* What the lineage*.c files of the engine share. Not for anyone else. */
#ifndef HOLDFAST_AGENT_ENGINE_LINEAGE_PRIVATE_H
#define HOLDFAST_AGENT_ENGINE_LINEAGE_PRIVATE_H

#include "agent/engine/lineage.h"
#include "agent/engine/lineage_store.h"

struct lineage_volume {
	uint32_t dev;
	int64_t scope; /* 0 = not asked for yet */
	char *identity;
};

/* A record that waits, with its path in a person's order behind it. */
struct lineage_waiting {
	uint64_t day_ms;
	struct hf_record raw;
	char app[LINEAGE_PROGRAM_SIZE];
	char comm[HF_COMM_SIZE + 1];
	char path[];
};

struct lineage {
	struct lineage_store *store;
	char *boot_id;
	int64_t boot; /* scope of processes; 0 = not asked for yet */
	struct lineage_volume volumes[LINEAGE_VOLUME_MAX];
	unsigned int volume_count;
	struct lineage_waiting *waiting[LINEAGE_QUEUE_MAX]; /* a ring */
	unsigned int first, count;
	struct lineage_counts counts;
	uint64_t row_max; /* LINEAGE_ROW_MAX, but for tests */
};

/* lineage_record.c: what one record adds to the store. 0 or negative errno. */
int lineage_record(struct lineage *lineage, const struct lineage_waiting *waiting);
/* The node key of a file, and of a process of this boot. 0 or negative errno. */
int lineage_file_key(
	struct lineage *lineage, const struct hf_inode_key *inode, struct lineage_key *ret_key);
int lineage_process_key(struct lineage *lineage, uint32_t tgid, uint64_t start_ktime_ns,
	struct lineage_key *ret_key);

/* lineage_json.c: a node as members of a line. */
void lineage_add_file(struct json_object *line, struct lineage *lineage,
	const struct policy_compiled *policy, const struct lineage_node *node);
void lineage_add_process(
	struct json_object *line, struct lineage *lineage, const struct lineage_node *node);

#endif
