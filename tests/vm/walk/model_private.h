/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the model share. Not for anyone else. Predicates: false is a refusal. */
#ifndef HOLDFAST_TESTS_WALK_MODEL_PRIVATE_H
#define HOLDFAST_TESTS_WALK_MODEL_PRIVATE_H

#include "model.h"

/* model_taint.c */
uint64_t directory_labels(const struct model *model, int directory);
uint64_t group_labels(const struct model *model, int group);
void spread(struct model *model);
int group_new(struct model *model);
void group_add(struct model *model, int group, uint64_t labels);
void group_join(struct model *model, int one, int other);
void taint_add(struct model *model, struct model_process *who, uint64_t labels);
bool receive(struct model *model, struct model_process *who, uint64_t labels);
bool read_labels(struct model *model, struct model_process *who, uint64_t labels);
bool read_name(struct model *model, struct model_process *who, int name);

/* model_files.c */
bool open_to_write(const struct model *model, const struct model_process *who, int name);
void file_inherit(struct model *model, int name, uint64_t labels);
bool file_write(struct model *model, int process, int name);
int name_new(struct model *model, int inode, int directory);
int inode_new(struct model *model);
bool file_create(struct model *model, int process, int directory);
bool file_hold(struct model *model, int process, int name);
void file_rename(struct model *model, int name, int directory);
void file_replace(struct model *model, int name, int other);
void file_exchange(struct model *model, int name, int other);
void file_link(struct model *model, int name, int directory);
void directory_move(struct model *model, int directory, int parent);
bool attribute_set(struct model *model, int process, int name);
bool attribute_get(struct model *model, struct model_process *who, int name);

/* model_pass.c */
void process_fork(struct model *model, int parent, int child);
void process_exec(struct model *model, int process, enum walk_app app);
bool process_vfork_read(struct model *model, struct model_process *who, int name);
bool place_put(struct model *model, int process, enum walk_place place);
bool place_take(struct model *model, int process, enum walk_place place);
void place_fill(struct model *model, enum walk_place place, uint64_t labels);
void place_splice(struct model *model, int process, enum walk_place from, enum walk_place to);
bool held_splice(struct model *model, int process, enum walk_place place);
bool held_send(struct model *model, int process);
bool held_receive(struct model *model, int process);
bool memory_map(struct model *model, int process, int inode);
bool held_map(struct model *model, int process);
bool memfd_map(struct model *model, int process);
void anonymous_map(struct model *model, int process);
bool process_push(struct model *model, int process, int target);
bool process_peek(struct model *model, int process, int target);

#endif
