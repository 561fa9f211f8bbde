/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineage.db: files, processes, and what went from one to the other. Beside index.db and not in it:
 * labels depend on that one and on nothing here. The only place with this SQL. One connection.
 */
#ifndef HOLDFAST_AGENT_ENGINE_LINEAGE_STORE_H
#define HOLDFAST_AGENT_ENGINE_LINEAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define LINEAGE_ROW_MAX	     250000 /* nodes; and edges: the oldest go first */
#define LINEAGE_AGE_MS	     (UINT64_C(400) * 24 * 60 * 60 * 1000)
#define LINEAGE_TRIM_ROWS    512 /* that go at a time */
#define LINEAGE_EXIT_MAX     64	 /* different ways out of one node; further ones share an edge */
#define LINEAGE_NAME_MAX     16	 /* names of one file: the newest */
#define LINEAGE_TEXT_SIZE    1048
#define LINEAGE_PROGRAM_SIZE 64

struct lineage_store;

enum lineage_kind { LINEAGE_FILE = 1, LINEAGE_PROCESS = 2 };

enum lineage_edge_kind {
	LINEAGE_READ = 1,    /* file to process */
	LINEAGE_ORIGIN = 2,  /* file to process: the kernel names it as one that labels came from */
	LINEAGE_PASS = 3,    /* process to process; how: enum hf_hop */
	LINEAGE_DERIVED = 4, /* process to file: it inherited; how: enum hf_operation */
	LINEAGE_EXIT = 5,    /* tried to get out; how: LINEAGE_EXIT_HOW */
	LINEAGE_EDGE_MAX,
};

/* Channel, operation and verdict of a way out in one number. */
#define LINEAGE_EXIT_HOW(channel, operation, verdict) \
	((int64_t)(channel) << 16 | (int64_t)(operation) << 8 | (int64_t)(verdict))

#define LINEAGE_IS_MANY	 0x1 /* process: labels came from more files than its record named */
#define LINEAGE_IS_GONE	 0x2 /* file: a name of it was removed */
#define LINEAGE_IS_KNOWN 0x4 /* process: a record of its own was seen */

/* What identifies a node: a file by volume, a process by boot, as numbers come again. */
struct lineage_key {
	enum lineage_kind kind;
	int64_t scope;	   /* lineage_store_scope() of the volume or boot */
	int64_t number;	   /* inode or process id */
	int64_t stamp;	   /* generation or start time */
	int64_t subvolume; /* of files */
};

struct lineage_node {
	int64_t id;
	struct lineage_key key;
	char name[LINEAGE_TEXT_SIZE]; /* path or command; "" = not known */
	char app[LINEAGE_PROGRAM_SIZE];
	uint32_t uid;
	uint64_t labels;
	uint32_t flags; /* LINEAGE_IS_* */
	uint64_t first_ms, last_ms;
};

struct lineage_edge {
	int64_t source, target; /* nodes; target 0 = none */
	enum lineage_edge_kind kind;
	int64_t how;
	char what[LINEAGE_TEXT_SIZE]; /* EXIT: where to */
	uint64_t first_ms, last_ms;
	uint64_t count;
};

/* Opens or creates path. 0; -EBADMSG for a damaged file, -EPROTO for another version; errno. */
int lineage_store_open(const char *path, struct lineage_store **ret_store);
void lineage_store_free(struct lineage_store *store);
CLEANUP_DEFINE(struct lineage_store, lineage_store_free)

/* Writing is between these; what is between is all there or not at all. */
int lineage_store_begin(struct lineage_store *store);
int lineage_store_commit(struct lineage_store *store);
void lineage_store_rollback(struct lineage_store *store);

/* The number of a volume or boot by its name. Positive, or negative errno. */
int64_t lineage_store_scope(struct lineage_store *store, const char *name);
/*
 * Adds the node or what is new of it: name and app when they are not "", labels and flags as well
 * as those it had. Its id, or negative errno. node->id is not looked at.
 */
int64_t lineage_store_node(struct lineage_store *store, const struct lineage_node *node);
/* Adds count to an edge, which is made when there is none. first_ms is last_ms then. */
int lineage_store_edge(struct lineage_store *store, const struct lineage_edge *edge);
/* A name that the file has or had. */
int lineage_store_name(struct lineage_store *store, int64_t file, const char *path, uint64_t ms);
/* Removes some of the oldest when there are too many or they are too old; how many, or errno. */
int lineage_store_trim(struct lineage_store *store, uint64_t now_ms, uint64_t row_max);

/* -ENOENT. */
int lineage_store_find(struct lineage_store *store, const struct lineage_key *key, int64_t *ret_id);
int lineage_store_get(struct lineage_store *store, int64_t id, struct lineage_node *ret_node);
/* Files that have or had the name, newest first, at most `most`; how many there are. */
int lineage_store_named(
	struct lineage_store *store, const char *path, int64_t *ret_files, unsigned int most);
/* Edges from (or to) a node, the newest `most`, those of kind ORIGIN last chosen, oldest first; how many. */
int lineage_store_edges(struct lineage_store *store, int64_t node, bool is_to,
	struct lineage_edge *ret_edges, unsigned int most);
/* Whether labels of process came from file, as far as is known: true also when it is not. */
bool lineage_store_is_origin(struct lineage_store *store, int64_t file, int64_t process);
/* The newest process of that id in the boot. -ENOENT. */
int lineage_store_process(
	struct lineage_store *store, int64_t boot, uint32_t tgid, int64_t *ret_id);
/* Names of a file but its newest, newest first, each to visit. */
int lineage_store_names(struct lineage_store *store, int64_t file,
	void (*visit)(const char *path, void *userdata), void *userdata);

#endif
