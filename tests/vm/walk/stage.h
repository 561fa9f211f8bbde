/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real side of the walk: the kernel part without an agent, the files, the actors. Needs root, in
 * a machine of its own.
 */
#ifndef HOLDFAST_TESTS_WALK_STAGE_H
#define HOLDFAST_TESTS_WALK_STAGE_H

#include <stdint.h>

#include "model.h"

struct stage;

/* Where files are, for one sequence, and how. */
struct stage_setting {
	const char *directory;
	uint32_t places;   /* those that are needed: bits */
	bool is_forgetful; /* caches are really emptied, which takes its time */
};

/*
 * Loads the kernel part, makes a policy of the walk's labels and starts. directories ends with NULL:
 * their file systems count as local. 0 or negative errno.
 */
int stage_open(const char *const *directories, struct stage **ret);

/* Everything anew, as the model is after model_init(). 0 or negative errno. */
int stage_begin(
	struct stage *stage, const struct model *model, const struct stage_setting *setting);

/* Lets it be done, the model being as before it. What it came to (errno), or negative errno. */
int stage_step(struct stage *stage, const struct model *model, const struct step *step);

/* All go, and their files. */
void stage_end(struct stage *stage, const struct model *model);

/* What the kernel part says. 0 or negative errno. */
int stage_taint(struct stage *stage, int process, uint64_t *ret_labels);
int stage_labels(struct stage *stage, const struct model *model, int name, uint64_t *ret_labels);

#endif
