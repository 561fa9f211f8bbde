/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one function each (here which step is which; the functions in model_*.c). Read them as a
 * specification:
 *
 *   A file has its own labels and those of the directories above it. Labels stay with a file.
 *   Who reads a labelled file must be allowed to, and has its labels from then on.
 *   What a labelled reader writes to gets its labels; with a label for viewing it writes nowhere.
 *   What lies between processes keeps the labels of all who put something in, and gives them to all
 *   who take something out; a label for viewing is handed to nobody.
 *   Who shares memory, reads as one. What is mapped writably is written to.
 *   What was refused has not happened.
 */
#include <string.h>

#include "model_private.h"

static bool step_take(struct model *model, const struct step *step)
{
	struct model_process *who = &model->processes[step->who];

	switch ((enum step_kind)step->kind) {
	case STEP_READ:
		return read_name(model, who, step->a);
	case STEP_WRITE:
		return open_to_write(model, who, step->a) && file_write(model, step->who, step->a);
	case STEP_CREATE:
		return file_create(model, step->who, step->b);
	case STEP_HOLD:
		return file_hold(model, step->who, step->a);
	case STEP_READ_HELD:
		return read_labels(model, who, model_labels(model, who->held));
	case STEP_WRITE_HELD:
		return file_write(model, step->who, who->held);
	case STEP_MAP_HELD:
		return held_map(model, step->who);
	case STEP_RENAME:
		file_rename(model, step->a, step->b);
		return true;
	case STEP_REPLACE:
		file_replace(model, step->a, step->b);
		return true;
	case STEP_EXCHANGE:
		file_exchange(model, step->a, step->b);
		return true;
	case STEP_LINK:
		file_link(model, step->a, step->b);
		return true;
	case STEP_UNLINK:
		model->names[step->a].is_gone = true;
		return true;
	case STEP_MOVE:
		directory_move(model, step->a, step->b);
		return true;
	case STEP_SET_ATTRIBUTE:
		return attribute_set(model, step->who, step->a);
	case STEP_GET_ATTRIBUTE:
		return attribute_get(model, who, step->a);
	case STEP_FORK:
		process_fork(model, step->who, step->a);
		return true;
	case STEP_EXEC:
		process_exec(model, step->who, step->a);
		return true;
	case STEP_VFORK_READ:
		return process_vfork_read(model, who, step->a);
	case STEP_EXIT:
		who->is_alive = false;
		return true;
	case STEP_PUT:
		return place_put(model, step->who, step->a);
	case STEP_TAKE:
		return place_take(model, step->who, step->a);
	case STEP_SPLICE:
	case STEP_TEE:
		place_splice(model, step->who, step->a, step->b);
		return true;
	case STEP_SPLICE_HELD:
		return held_splice(model, step->who, step->a);
	case STEP_VMSPLICE:
		place_fill(model, step->a, model_taint(model, step->who));
		return true;
	case STEP_SEND_HELD:
		return held_send(model, step->who);
	case STEP_RECEIVE_HELD:
		return held_receive(model, step->who);
	case STEP_MAP_MEMFD:
		return memfd_map(model, step->who);
	case STEP_MAP_SHM:
		return memory_map(model, step->who, WALK_INODE_SHM);
	case STEP_MAP_ANONYMOUS:
		anonymous_map(model, step->who);
		return true;
	case STEP_SIGNAL:
		return process_push(model, step->who, step->a);
	case STEP_PEEK:
		return process_peek(model, step->who, step->a);
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
