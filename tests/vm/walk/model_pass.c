/* SPDX-License-Identifier: Apache-2.0 */
/* Between processes: what carries content, memory that they share, what one does to another. */
#include <string.h>

#include "model_private.h"

void process_fork(struct model *model, int parent, int child)
{
	struct model_process *from = &model->processes[parent];

	model->processes[child] = *from;
	model->processes[child].taint = model_taint(model, parent);
	model->processes[child].has_shared_memory = false;
}

void process_exec(struct model *model, int process, enum walk_app app)
{
	struct model_process *who = &model->processes[process];

	who->taint = model_taint(model, process);
	who->has_shared_memory = false;
	who->group = MODEL_NONE;
	who->app = app;
}

bool process_vfork_read(struct model *model, struct model_process *who, int name)
{
	bool r;

	who->has_shared_memory = true;
	who->has_vfork_child = true;
	r = read_name(model, who, name);
	who->has_vfork_child = false;
	return r;
}

bool place_put(struct model *model, int process, enum walk_place place)
{
	uint64_t taint = model_taint(model, process);

	if (taint & WALK_LABEL_VIEW)
		return false;
	model->places[place].labels |= taint;
	model->places[place].pending++;
	if (place == PLACE_MEMFD)
		group_add(model, model->inodes[WALK_INODE_MEMFD].group, taint);
	return true;
}

bool place_take(struct model *model, int process, enum walk_place place)
{
	struct model_carried *carried = &model->places[place];
	uint64_t labels = carried->labels;

	if (place == PLACE_MEMFD)
		labels |= group_labels(model, model->inodes[WALK_INODE_MEMFD].group);
	if ((labels & WALK_LABEL_VIEW) && (labels & ~model_taint(model, process)))
		return false;
	if (place == PLACE_TERMINAL_OUT || place == PLACE_TERMINAL_IN)
		carried->pending = 0;
	else if (carried->pending)
		carried->pending--;
	return receive(model, &model->processes[process], labels);
}

/* What no hook can refuse: it is there, and others can't take it out. */
void place_fill(struct model *model, enum walk_place place, uint64_t labels)
{
	model->places[place].labels |= labels;
}

/* Who moves it has it, as nothing could refuse it, not even for memory that others see. */
void place_splice(struct model *model, int process, enum walk_place from, enum walk_place to)
{
	struct model_carried *carried = &model->places[from];

	if (carried->pending)
		carried->pending--;
	taint_add(model, &model->processes[process], carried->labels);
	place_fill(model, to, carried->labels | model_taint(model, process));
}

/* To have tried is enough: the labels are there before the content may be. */
bool held_splice(struct model *model, int process, enum walk_place place)
{
	struct model_process *who = &model->processes[process];

	place_fill(model, place, model_taint(model, process) | model_labels(model, who->held));
	return read_labels(model, who, model_labels(model, who->held));
}

bool held_send(struct model *model, int process)
{
	if (!place_put(model, process, PLACE_RIGHTS))
		return false;
	model->sent[model->sent_count++] = model->processes[process].held;
	return true;
}

bool held_receive(struct model *model, int process)
{
	int name = model->sent[0];

	if (!place_take(model, process, PLACE_RIGHTS))
		return false;
	model->sent_count--;
	memmove(model->sent, model->sent + 1, (size_t)model->sent_count * sizeof(model->sent[0]));
	if (!read_labels(model, &model->processes[process], model_labels(model, name)))
		return false;
	model->processes[process].held = name;
	return true;
}

/* Who maps it sees what others store there, and stores what others see. */
bool memory_map(struct model *model, int process, int inode)
{
	struct model_process *who = &model->processes[process];
	int *group = &model->inodes[inode].group;
	uint64_t taint = model_taint(model, process);

	if (taint & WALK_LABEL_VIEW)
		return false;
	if (group_labels(model, *group) & WALK_LABEL_VIEW)
		return false;
	if (*group == MODEL_NONE)
		*group = who->group == MODEL_NONE ? group_new(model) : who->group;
	if (who->group == MODEL_NONE)
		who->group = *group;
	group_join(model, who->group, *group);
	group_add(model, who->group, taint);
	return true;
}

bool held_map(struct model *model, int process)
{
	struct model_process *who = &model->processes[process];
	int inode = model->names[who->held].inode;

	if (!read_labels(model, who, model_labels(model, who->held)))
		return false;
	if (!memory_map(model, process, inode))
		return false;
	file_inherit(model, who->held, model_taint(model, process));
	return true;
}

bool memfd_map(struct model *model, int process)
{
	uint64_t labels = model->places[PLACE_MEMFD].labels;

	return receive(model, &model->processes[process], labels) &&
	       memory_map(model, process, WALK_INODE_MEMFD);
}

void anonymous_map(struct model *model, int process)
{
	if (model->processes[process].group == MODEL_NONE)
		model->processes[process].group = group_new(model);
}

bool process_push(struct model *model, int process, int target)
{
	uint64_t taint = model_taint(model, process);

	if (process == target)
		return true;
	if (taint & WALK_LABEL_VIEW)
		return false;
	taint_add(model, &model->processes[target], taint);
	return true;
}

bool process_peek(struct model *model, int process, int target)
{
	if (process != target && model_taint(model, target))
		return false;
	return process_push(model, process, target);
}
