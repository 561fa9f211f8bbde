/* SPDX-License-Identifier: Apache-2.0 */
/* Files: their labels, names and attributes, and what is written to them. */
#include "model_private.h"

/* An empty file has nothing to protect. */
static bool open_to_read(struct model *model, struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_content)
		return true;
	return read_labels(model, who, model_labels(model, name));
}

/* Opening for writing shows no content, but a protected file is opened by applications alone. */
bool open_to_write(const struct model *model, const struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_content)
		return true;
	return !model_labels(model, name) || who->app == WALK_APP_READER;
}

void file_inherit(struct model *model, int name, uint64_t labels)
{
	model->inodes[model->names[name].inode].own |= labels & ~model_labels(model, name);
}

bool file_write(struct model *model, int process, int name)
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

int name_new(struct model *model, int inode, int directory)
{
	int name = model->name_count++;

	model->names[name] = (struct model_name){
		.is_used = true,
		.directory = directory,
		.inode = inode,
	};
	return name;
}

int inode_new(struct model *model)
{
	model->inodes[model->inode_count] = (struct model_inode){.group = MODEL_NONE};
	return model->inode_count++;
}

bool file_create(struct model *model, int process, int directory)
{
	return file_write(model, process, name_new(model, inode_new(model), directory));
}

bool file_hold(struct model *model, int process, int name)
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

void file_rename(struct model *model, int name, int directory)
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

void file_replace(struct model *model, int name, int other)
{
	int replaced = name_new(model, model->names[other].inode, model->names[other].directory);

	model->names[replaced].is_gone = true;
	leave_for(model, name, model->names[other].directory);
	model->names[other].inode = model->names[name].inode;
	model->names[name].is_gone = true;
	holders_follow(model, name, other, replaced);
}

void file_exchange(struct model *model, int name, int other)
{
	int inode = model->names[name].inode;

	leave_for(model, name, model->names[other].directory);
	leave_for(model, other, model->names[name].directory);
	model->names[name].inode = model->names[other].inode;
	model->names[other].inode = inode;
	holders_follow(model, name, other, name);
}

void file_link(struct model *model, int name, int directory)
{
	int inode = model->names[name].inode;

	model->inodes[inode].own |= model_labels(model, name) | directory_labels(model, directory);
	(void)name_new(model, inode, directory); /* the step says which number it gets */
}

void directory_move(struct model *model, int directory, int parent)
{
	model->directories[directory].own |= directory_labels(model, directory);
	model->directories[directory].parent = parent;
}

bool attribute_set(struct model *model, int process, int name)
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

bool attribute_get(struct model *model, struct model_process *who, int name)
{
	if (!model->inodes[model->names[name].inode].has_attribute)
		return true;
	return read_labels(model, who, model_labels(model, name));
}
