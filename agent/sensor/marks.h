/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object's mark, in the three places where it has to be: the kernel's index, the file's
 * extended attribute, and (by message) the engine's database.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MARKS_H
#define HOLDFAST_AGENT_SENSOR_MARKS_H

#include "agent/sensor/mark_seal.h"
#include "agent/sensor/sensor.h"

struct mark_change {
	uint64_t add; /* labels */
	uint64_t remove;
	uint32_t flags;	  /* HF_MARK_POLICY, or 0 */
	const char *path; /* for the database and the words */
};

/*
 * Changes the mark of what path_fd (O_PATH) is. *ret_added: labels it did not have of its own.
 * 0; -EOPNOTSUPP for what carries no mark; -ENOSPC; other negative errno.
 */
int marks_change(
	struct sensor *sensor, int path_fd, const struct mark_change *change, uint64_t *ret_added);

/* What the extended attribute of an object says. */
struct mark_claim {
	bool is_there;
	enum mark_state state;
	uint64_t labels; /* those of them that this device knows */
};

/* Reads it from what path_fd (O_PATH) is. 0; -ENOTSUP where no attributes are kept. */
int marks_read_claim(struct sensor *sensor, int path_fd, const struct hf_inode_key *key,
	struct mark_claim *ret_claim);

/* Whether fd is a file of an overlay: to set an attribute there would copy the file up, and the agent,
 * who may read everything, would leave a copy without its labels. */
bool marks_is_overlay(int fd);

/* Writes the object's own mark to the readable fd, or takes it away where labels is 0. False: not. */
bool marks_write(struct sensor *sensor, int fd, const struct hf_inode_key *key, uint64_t labels,
	uint32_t flags);

/* Writes the mark that the index has to the readable fd, and what was owed is paid. */
void marks_pay(struct sensor *sensor, int fd, const struct kernel_inode *inode);

/* The kernel gave this inode a mark and path is where it was then: writes it to the file. */
void marks_persist(struct sensor *sensor, const struct hf_inode_key *key, const char *path);

/* Tells the engine. */
void marks_tell(struct sensor *sensor, const struct hf_inode_key *key, const struct hf_mark *mark,
	const char *path);

#endif
