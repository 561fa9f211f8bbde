/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has read, alone or by memory that it shares. */
#include "model_private.h"

uint64_t directory_labels(const struct model *model, int directory)
{
	uint64_t labels = 0;

	for (; directory != MODEL_NONE; directory = model->directories[directory].parent)
		labels |= model->directories[directory].own;
	return labels;
}

uint64_t model_labels(const struct model *model, int name)
{
	const struct model_name *known = &model->names[name];

	return model->inodes[known->inode].own | directory_labels(model, known->directory);
}

static int group_root(const struct model *model, int group)
{
	while (group != MODEL_NONE && model->groups[group].parent != MODEL_NONE)
		group = model->groups[group].parent;
	return group;
}

uint64_t group_labels(const struct model *model, int group)
{
	int root = group_root(model, group);

	return root == MODEL_NONE ? 0 : model->groups[root].labels;
}

uint64_t model_taint(const struct model *model, int process)
{
	const struct model_process *known = &model->processes[process];

	return known->taint | group_labels(model, known->group);
}

/* What is mapped writably can be written to at any time, with what any of the group has read. */
void spread(struct model *model)
{
	for (int inode = 0; inode < model->inode_count; inode++)
		model->inodes[inode].own |= group_labels(model, model->inodes[inode].group);
}

int group_new(struct model *model)
{
	model->groups[model->group_count] = (struct model_group){.parent = MODEL_NONE};
	return model->group_count++;
}

void group_add(struct model *model, int group, uint64_t labels)
{
	int root = group_root(model, group);

	if (root != MODEL_NONE)
		model->groups[root].labels |= labels;
	spread(model);
}

void group_join(struct model *model, int one, int other)
{
	int root = group_root(model, one), part = group_root(model, other);

	if (root == part)
		return;
	model->groups[part].parent = root;
	group_add(model, root, model->groups[part].labels);
}

void taint_add(struct model *model, struct model_process *who, uint64_t labels)
{
	who->taint |= labels;
	group_add(model, who->group, labels);
}

/* Whether others, who live, share memory with it. */
static bool is_shared(const struct model *model, const struct model_process *who)
{
	int root = group_root(model, who->group), count = who->has_vfork_child;

	for (int process = 0; process < WALK_PROCESSES; process++)
		count += model->processes[process].is_alive &&
			 group_root(model, model->processes[process].group) == root;
	return root != MODEL_NONE && count > 1;
}

/* Labelled content would come to a process. */
bool receive(struct model *model, struct model_process *who, uint64_t labels)
{
	if (is_shared(model, who) && (labels & ~who->taint) && (labels & WALK_LABEL_VIEW))
		return false;
	taint_add(model, who, labels);
	return true;
}

bool read_labels(struct model *model, struct model_process *who, uint64_t labels)
{
	if (labels && who->app != WALK_APP_READER)
		return false;
	return receive(model, who, labels);
}

/* To have opened it is not to have read it: that is judged again. */
bool read_name(struct model *model, struct model_process *who, int name)
{
	return read_labels(model, who, model_labels(model, name));
}
