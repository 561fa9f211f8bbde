/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object's mark, in the three places where it has to be: the kernel's index, the file's
 * extended attribute, and (by message) the engine's database.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MARKS_H
#define HOLDFAST_AGENT_SENSOR_MARKS_H

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

/* Labels by the extended attribute of what path_fd (O_PATH) is; 0 without one, or one not ours. */
uint64_t marks_read_value(struct sensor *sensor, int path_fd, const char *path);

/* The kernel gave this inode a mark and path is where it was then: writes it to the file. */
void marks_persist(struct sensor *sensor, const struct hf_inode_key *key, const char *path);

/* Tells the engine. */
void marks_tell(struct sensor *sensor, const struct hf_inode_key *key, const struct hf_mark *mark,
	const char *path);

#endif
