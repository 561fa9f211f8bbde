/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one function each. Read it as a specification:
 *
 *   A file has its own labels and those of the directories above it. Labels stay with a file.
 *   Who reads a labelled file must be allowed to, and has its labels from then on.
 *   What a labelled reader writes to gets its labels; with a label for viewing it writes nowhere.
 *   What lies between processes keeps the labels of all who put something in, and gives them to all
 *   who take something out; a label for viewing is handed to nobody.
 *   Who shares memory, reads as one. What is mapped writably is written to.
 *   What was refused has not happened.
 */
#include "model.h"

#include <string.h>

static uint64_t directory_labels(const struct model *model, int directory)
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

static uint64_t group_labels(const struct model *model, int group)
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
static void spread(struct model *model)
{
	for (int inode = 0; inode < model->inode_count; inode++)
		model->inodes[inode].own |= group_labels(model, model->inodes[inode].group);
}

static void group_add(struct model *model, int group, uint64_t labels)
{
	int root = group_root(model, group);

	if (root != MODEL_NONE)
		model->groups[root].labels |= labels;
	spread(model);
}

static void taint_add(struct model *model, struct model_process *who, uint64_t labels)
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
static bool receive(struct model *model, struct model_process *who, uint64_t labels)
{
	if (is_shared(model, who) && (labels & ~who->taint) && (labels & WALK_LABEL_VIEW))
		return false;
	taint_add(model, who, labels);
	return true;
}

static bool read_labels(struct model *model, struct model_process *who, uint64_t labels)
{
	if (labels && who->app != WALK_APP_READER)
		return false;
	return receive(model, who, labels);
}

/* To have opened it is not to have read it: that is judged again. */
static bool read_name(struct model *model, struct model_process *who, int name)
{
	return read_labels(model, who, model_labels(model, name));
}

/* An empty file has nothing to protect. */
static bool open_to_read(struct model *model, struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_content)
		return true;
	return read_labels(model, who, model_labels(model, name));
}

/* Opening for writing shows no content, but a protected file is opened by applications alone. */
static bool open_to_write(const struct model *model, const struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_content)
		return true;
	return !model_labels(model, name) || who->app == WALK_APP_READER;
}

static void file_inherit(struct model *model, int name, uint64_t labels)
{
	model->inodes[model->names[name].inode].own |= labels & ~model_labels(model, name);
}

static bool write_file(struct model *model, int process, int name)
{
	uint64_t taint = model_taint(model, process);

	if (taint & WALK_LABEL_VIEW)
		return false;
	file_inherit(model, name, taint);
	group_add(model, model->inodes[model->names[name].inode].group,
		taint); /* who maps it sees it */
	model->inodes[model->names[name].inode].has_content = true;
	return true;
}

static int name_new(struct model *model, int inode, int directory)
{
	int name = model->name_count++;

	model->names[name] = (struct model_name){
		.is_used = true,
		.directory = directory,
		.inode = inode,
	};
	return name;
}

static int inode_new(struct model *model)
{
	model->inodes[model->inode_count] = (struct model_inode){.group = MODEL_NONE};
	return model->inode_count++;
}

static bool create(struct model *model, int process, int directory)
{
	return write_file(model, process, name_new(model, inode_new(model), directory));
}

static bool hold(struct model *model, int process, int name)
{
	struct model_process *who = &model->processes[process];

	if (!open_to_read(model, who, name)) /* read first: its labels stay when the rest fails */
		return false;
	if (model_taint(model, process) & WALK_LABEL_VIEW)
		return false;
	who->held = name;
	return true;
}

static bool is_linked_twice(const struct model *model, int inode)
{
	int count = 0;

	for (int name = 0; name < model->name_count; name++)
		count += model->names[name].inode == inode && !model->names[name].is_gone;
	return count > 1;
}

/* A file takes along what it had; a file of two names has the labels of both places. */
static void leave_for(struct model *model, int name, int directory)
{
	struct model_inode *inode = &model->inodes[model->names[name].inode];

	inode->own |= model_labels(model, name);
	if (is_linked_twice(model, model->names[name].inode))
		inode->own |= directory_labels(model, directory);
}

static void rename_to(struct model *model, int name, int directory)
{
	leave_for(model, name, directory);
	model->names[name].directory = directory;
}

/* Descriptors opened by one name are of the other now. */
static void holders_follow(struct model *model, int from, int to, int back)
{
	for (int i = 0; i < WALK_PROCESSES; i++) {
		int *held = &model->processes[i].held;

		*held = *held == from ? to : *held == to ? back : *held;
	}
	for (int i = 0; i < model->sent_count; i++) {
		int *sent = &model->sent[i];

		*sent = *sent == from ? to : *sent == to ? back : *sent;
	}
}

static void replace(struct model *model, int name, int other)
{
	int replaced = name_new(model, model->names[other].inode, model->names[other].directory);

	model->names[replaced].is_gone = true;
	leave_for(model, name, model->names[other].directory);
	model->names[other].inode = model->names[name].inode;
	model->names[name].is_gone = true;
	holders_follow(model, name, other, replaced);
}

static void exchange(struct model *model, int name, int other)
{
	int inode = model->names[name].inode;

	leave_for(model, name, model->names[other].directory);
	leave_for(model, other, model->names[name].directory);
	model->names[name].inode = model->names[other].inode;
	model->names[other].inode = inode;
	holders_follow(model, name, other, name);
}

static void link_to(struct model *model, int name, int directory)
{
	int inode = model->names[name].inode;

	model->inodes[inode].own |= model_labels(model, name) | directory_labels(model, directory);
	(void)name_new(model, inode, directory); /* the step says which number it gets */
}

static void move(struct model *model, int directory, int parent)
{
	model->directories[directory].own |= directory_labels(model, directory);
	model->directories[directory].parent = parent;
}

static bool set_attribute(struct model *model, int process, int name)
{
	uint64_t taint = model_taint(model, process);

	if (taint & ~model_labels(model, name) & WALK_LABEL_VIEW)
		return false;
	if (!taint)
		return true;
	file_inherit(model, name, taint);
	model->inodes[model->names[name].inode].has_attribute = true;
	return true;
}

static bool get_attribute(struct model *model, struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_attribute)
		return true;
	return read_labels(model, who, model_labels(model, name));
}

static void process_fork(struct model *model, int parent, int child)
{
	struct model_process *from = &model->processes[parent];

	model->processes[child] = *from;
	model->processes[child].taint = model_taint(model, parent);
	model->processes[child].has_shared_memory = false;
}

static void exec(struct model *model, int process, enum walk_app app)
{
	struct model_process *who = &model->processes[process];

	who->taint = model_taint(model, process);
	who->has_shared_memory = false;
	who->group = MODEL_NONE;
	who->app = app;
}

static bool vfork_read(struct model *model, struct model_process *who, int name)
{
	bool r;

	who->has_shared_memory = true;
	who->has_vfork_child = true;
	r = read_name(model, who, name);
	who->has_vfork_child = false;
	return r;
}

static bool put(struct model *model, int process, enum walk_place place)
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

static bool take(struct model *model, int process, enum walk_place place)
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
static void fill(struct model *model, enum walk_place place, uint64_t labels)
{
	model->places[place].labels |= labels;
}

/* Who moves it has it, as nothing could refuse it, not even for memory that others see. */
static void splice(struct model *model, int process, enum walk_place from, enum walk_place to)
{
	struct model_carried *carried = &model->places[from];

	if (carried->pending)
		carried->pending--;
	taint_add(model, &model->processes[process], carried->labels);
	fill(model, to, carried->labels | model_taint(model, process));
}

/* To have tried is enough: the labels are there before the content may be. */
static bool splice_held(struct model *model, int process, enum walk_place place)
{
	struct model_process *who = &model->processes[process];

	fill(model, place, model_taint(model, process) | model_labels(model, who->held));
	return read_labels(model, who, model_labels(model, who->held));
}

static bool send_held(struct model *model, int process)
{
	if (!put(model, process, PLACE_RIGHTS))
		return false;
	model->sent[model->sent_count++] = model->processes[process].held;
	return true;
}

static bool receive_held(struct model *model, int process)
{
	int name = model->sent[0];

	if (!take(model, process, PLACE_RIGHTS))
		return false;
	model->sent_count--;
	memmove(model->sent, model->sent + 1, (size_t)model->sent_count * sizeof(model->sent[0]));
	if (!read_labels(model, &model->processes[process], model_labels(model, name)))
		return false;
	model->processes[process].held = name;
	return true;
}

static int group_new(struct model *model)
{
	model->groups[model->group_count] = (struct model_group){.parent = MODEL_NONE};
	return model->group_count++;
}

static void group_join(struct model *model, int one, int other)
{
	int root = group_root(model, one), part = group_root(model, other);

	if (root == part)
		return;
	model->groups[part].parent = root;
	group_add(model, root, model->groups[part].labels);
}

/* Who maps it sees what others store there, and stores what others see. */
static bool map(struct model *model, int process, int inode)
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

static bool map_held(struct model *model, int process)
{
	struct model_process *who = &model->processes[process];
	int inode = model->names[who->held].inode;

	if (!read_labels(model, who, model_labels(model, who->held)))
		return false;
	if (!map(model, process, inode))
		return false;
	file_inherit(model, who->held, model_taint(model, process));
	return true;
}

static bool map_memfd(struct model *model, int process)
{
	uint64_t labels = model->places[PLACE_MEMFD].labels;

	return receive(model, &model->processes[process], labels) &&
	       map(model, process, WALK_INODE_MEMFD);
}

static void map_anonymous(struct model *model, int process)
{
	if (model->processes[process].group == MODEL_NONE)
		model->processes[process].group = group_new(model);
}

static bool push(struct model *model, int process, int target)
{
	uint64_t taint = model_taint(model, process);

	if (process == target)
		return true;
	if (taint & WALK_LABEL_VIEW)
		return false;
	taint_add(model, &model->processes[target], taint);
	return true;
}

static bool peek(struct model *model, int process, int target)
{
	if (process != target && model_taint(model, target))
		return false;
	return push(model, process, target);
}

static bool step_take(struct model *model, const struct step *step)
{
	struct model_process *who = &model->processes[step->who];

	switch ((enum step_kind)step->kind) {
	case STEP_READ:
		return read_name(model, who, step->a);
	case STEP_WRITE:
		return open_to_write(model, who, step->a) && write_file(model, step->who, step->a);
	case STEP_CREATE:
		return create(model, step->who, step->b);
	case STEP_HOLD:
		return hold(model, step->who, step->a);
	case STEP_READ_HELD:
		return read_labels(model, who, model_labels(model, who->held));
	case STEP_WRITE_HELD:
		return write_file(model, step->who, who->held);
	case STEP_MAP_HELD:
		return map_held(model, step->who);
	case STEP_RENAME:
		rename_to(model, step->a, step->b);
		return true;
	case STEP_REPLACE:
		replace(model, step->a, step->b);
		return true;
	case STEP_EXCHANGE:
		exchange(model, step->a, step->b);
		return true;
	case STEP_LINK:
		link_to(model, step->a, step->b);
		return true;
	case STEP_UNLINK:
		model->names[step->a].is_gone = true;
		return true;
	case STEP_MOVE:
		move(model, step->a, step->b);
		return true;
	case STEP_SET_ATTRIBUTE:
		return set_attribute(model, step->who, step->a);
	case STEP_GET_ATTRIBUTE:
		return get_attribute(model, who, step->a);
	case STEP_FORK:
		process_fork(model, step->who, step->a);
		return true;
	case STEP_EXEC:
		exec(model, step->who, step->a);
		return true;
	case STEP_VFORK_READ:
		return vfork_read(model, who, step->a);
	case STEP_EXIT:
		who->is_alive = false;
		return true;
	case STEP_PUT:
		return put(model, step->who, step->a);
	case STEP_TAKE:
		return take(model, step->who, step->a);
	case STEP_SPLICE:
	case STEP_TEE:
		splice(model, step->who, step->a, step->b);
		return true;
	case STEP_SPLICE_HELD:
		return splice_held(model, step->who, step->a);
	case STEP_VMSPLICE:
		fill(model, step->a, model_taint(model, step->who));
		return true;
	case STEP_SEND_HELD:
		return send_held(model, step->who);
	case STEP_RECEIVE_HELD:
		return receive_held(model, step->who);
	case STEP_MAP_MEMFD:
		return map_memfd(model, step->who);
	case STEP_MAP_SHM:
		return map(model, step->who, WALK_INODE_SHM);
	case STEP_MAP_ANONYMOUS:
		map_anonymous(model, step->who);
		return true;
	case STEP_SIGNAL:
		return push(model, step->who, step->a);
	case STEP_PEEK:
		return peek(model, step->who, step->a);
	case STEP_MARK:
		model->inodes[model->names[step->a].inode].own = step->b;
		return true;
	case STEP_FORGET:
	case STEP_MAX:
		break;
	}
	return true;
}

bool model_step(struct model *model, const struct step *step)
{
	bool r = step_take(model, step);

	spread(model);
	return r;
}

void model_init(struct model *model)
{
	static const struct model_directory directories[WALK_DIRECTORIES] = {
		{.own = 0, .parent = MODEL_NONE},
		{.own = WALK_LABEL_A, .parent = MODEL_ROOT},
		{.own = WALK_LABEL_B, .parent = MODEL_ROOT},
		{.own = WALK_LABEL_VIEW, .parent = MODEL_ROOT},
		{.own = 0, .parent = MODEL_ROOT},
		{.own = 0, .parent = 4},
		{.own = 0, .parent = 1},
	};

	memset(model, 0, sizeof(*model));
	memcpy(model->directories, directories, sizeof(directories));
	for (int directory = 1; directory < WALK_DIRECTORIES; directory++) {
		int inode = inode_new(model);

		model->inodes[inode].has_content = true;
		(void)name_new(model, inode, directory); /* its number is directory - 1 */
	}
	model->inodes[WALK_INODE_MEMFD].group = MODEL_NONE;
	model->inodes[WALK_INODE_SHM].group = MODEL_NONE;
	for (int process = 0; process < WALK_PROCESSES; process++)
		model->processes[process] = (struct model_process){
			.is_alive = process < 4,
			.app = process < 2 ? WALK_APP_PLAIN : WALK_APP_READER,
			.group = MODEL_NONE,
			.held = MODEL_NONE,
		};
}
