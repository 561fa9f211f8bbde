/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference model: the rules of ARCHITECTURE.md about labels, processes and what lies between
 * them, in plain C without a kernel. Pure: no I/O, no clock, no globals.
 */
#ifndef HOLDFAST_TESTS_WALK_MODEL_H
#define HOLDFAST_TESTS_WALK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "walk.h"

#define MODEL_NONE     (-1)
#define MODEL_GROUPS   32
#define MODEL_MESSAGES 8
#define MODEL_ROOT     0 /* the directory that the others are in */

struct model_process {
	bool is_alive;
	bool has_shared_memory; /* with a vfork child: the kernel keeps its labels elsewhere too */
	bool has_vfork_child;
	enum walk_app app;
	uint64_t taint;
	int group; /* of those it shares memory with, or MODEL_NONE */
	int held;  /* the name its descriptor was opened by, or MODEL_NONE */
};

struct model_inode {
	uint64_t own;
	bool has_content;
	bool has_attribute; /* written by a labelled reader */
	int group;	    /* of those who map it, or MODEL_NONE */
};

struct model_name {
	bool is_used; /* ever */
	bool is_gone; /* unlinked; somebody may hold it */
	int directory;
	int inode;
};

struct model_directory {
	uint64_t own;
	int parent;
};

struct model_carried {
	uint64_t labels;
	bool is_refused; /* put in where nothing could refuse it */
	unsigned int pending;
};

struct model_group {
	uint64_t labels;
	int parent;
};

struct model {
	struct model_process processes[WALK_PROCESSES];
	struct model_inode inodes[WALK_INODES];
	struct model_name names[WALK_NAMES];
	struct model_directory directories[WALK_DIRECTORIES];
	struct model_carried places[PLACE_MAX];
	struct model_group groups[MODEL_GROUPS];
	int group_count;
	int sent[MODEL_MESSAGES]; /* names of descriptors under way */
	int sent_count;
	int inode_count;
	int name_count;
};

/* The stage as main.c sets it: directories, one file in each, processes 0 to 3. */
void model_init(struct model *model);

/* Takes the step. False: the kernel must refuse it. */
bool model_step(struct model *model, const struct step *step);

/* What the kernel must say. */
uint64_t model_taint(const struct model *model, int process);
uint64_t model_labels(const struct model *model, int name);

#endif
