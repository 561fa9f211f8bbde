/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#include <stdio.h>

enum operand {
	OPERAND_NONE,
	OPERAND_NAME,
	OPERAND_DIRECTORY,
	OPERAND_PROCESS,
	OPERAND_FREE_PROCESS,
	OPERAND_APP,
	OPERAND_PLACE,
	OPERAND_PIPE, /* a place that splice(2) takes */
	OPERAND_LABELS,
	OPERAND_CALL, /* which system call: read(2) or recv(2) */
};

/* weight: how often, among all. */
static const struct {
	const char *words;
	unsigned int weight;
	enum operand a;
	enum operand b;
} kinds[STEP_MAX] = {
	[STEP_READ] = {"reads", 14, OPERAND_NAME, 0},
	[STEP_WRITE] = {"writes", 8, OPERAND_NAME, 0},
	[STEP_CREATE] = {"creates", 5, OPERAND_NONE, OPERAND_DIRECTORY},
	[STEP_HOLD] = {"opens and keeps", 8, OPERAND_NAME, 0},
	[STEP_READ_HELD] = {"reads what it keeps", 6, 0, 0},
	[STEP_WRITE_HELD] = {"writes what it keeps", 6, 0, 0},
	[STEP_MAP_HELD] = {"maps what it keeps", 6, 0, 0},
	[STEP_RENAME] = {"renames", 5, OPERAND_NAME, OPERAND_DIRECTORY},
	[STEP_REPLACE] = {"renames over", 3, OPERAND_NAME, OPERAND_NAME},
	[STEP_EXCHANGE] = {"exchanges", 3, OPERAND_NAME, OPERAND_NAME},
	[STEP_LINK] = {"links", 4, OPERAND_NAME, OPERAND_DIRECTORY},
	[STEP_UNLINK] = {"unlinks", 2, OPERAND_NAME, 0},
	[STEP_MOVE] = {"moves directory", 4, OPERAND_DIRECTORY, OPERAND_DIRECTORY},
	[STEP_SET_ATTRIBUTE] = {"sets an attribute of", 2, OPERAND_NAME, 0},
	[STEP_GET_ATTRIBUTE] = {"gets an attribute of", 2, OPERAND_NAME, 0},
	[STEP_FORK] = {"forks", 5, OPERAND_FREE_PROCESS, 0},
	[STEP_EXEC] = {"executes", 3, OPERAND_APP, 0},
	[STEP_VFORK_READ] = {"in a vfork child reads", 3, OPERAND_NAME, 0},
	[STEP_EXIT] = {"exits", 1, 0, 0},
	[STEP_PUT] = {"puts into", 16, OPERAND_PLACE, OPERAND_CALL},
	[STEP_TAKE] = {"takes from", 18, OPERAND_PLACE, OPERAND_CALL},
	[STEP_SPLICE] = {"splices", 2, OPERAND_PIPE, OPERAND_PIPE},
	[STEP_TEE] = {"tees", 2, OPERAND_PIPE, OPERAND_PIPE},
	[STEP_SPLICE_HELD] = {"splices what it keeps into", 3, OPERAND_PIPE, 0},
	[STEP_VMSPLICE] = {"vmsplices into", 2, OPERAND_PIPE, 0},
	[STEP_SEND_HELD] = {"sends what it keeps", 3, 0, 0},
	[STEP_RECEIVE_HELD] = {"receives a descriptor", 4, 0, 0},
	[STEP_MAP_MEMFD] = {"maps the memfd", 3, 0, 0},
	[STEP_MAP_SHM] = {"attaches the shared memory", 3, 0, 0},
	[STEP_MAP_ANONYMOUS] = {"maps for its children", 2, 0, 0},
	[STEP_SIGNAL] = {"signals a value to", 3, OPERAND_PROCESS, 0},
	[STEP_PEEK] = {"looks into", 2, OPERAND_PROCESS, 0},
	[STEP_MARK] = {"sees the agent mark", 2, OPERAND_NAME, OPERAND_LABELS},
	[STEP_FORGET] = {"sees caches emptied", 4, 0, 0},
};

static const char *const place_words[PLACE_MAX] = {"pipe 0", "pipe 1", "the fifo", "stream 0",
	"stream 1", "datagram 0", "datagram 1", "packet 0", "packet 1", "rights", "terminal out",
	"terminal in", "the memfd", "the SysV queue", "the POSIX queue"};

static bool is_there(const struct model *model, int name)
{
	return name < model->name_count && !model->names[name].is_gone;
}

static bool is_below(const struct model *model, int directory, int parent)
{
	for (; directory != MODEL_NONE; directory = model->directories[directory].parent)
		if (directory == parent)
			return true;
	return false;
}

static bool is_name_live(const struct model *model, int name)
{
	if (!model->names[name].is_gone)
		return true;
	for (int i = 0; i < WALK_PROCESSES; i++)
		if (model->processes[i].is_alive && model->processes[i].held == name)
			return true;
	for (int i = 0; i < model->sent_count; i++)
		if (model->sent[i] == name)
			return true;
	return false;
}

/*
 * Whether a file below the directory has another name outside: when the directory comes to be
 * labelled, which labels the file has depends on the name by which it is found first. Nothing in
 * the kernel knows all names of an inode; the sensor indexes them when a directory is marked.
 */
static bool has_link_outside(const struct model *model, int directory)
{
	for (int name = 0; name < model->name_count; name++)
		for (int other = 0; other < model->name_count; other++)
			if (model->names[name].inode == model->names[other].inode &&
				is_name_live(model, name) && is_name_live(model, other) &&
				is_below(model, model->names[name].directory, directory) &&
				!is_below(model, model->names[other].directory, directory))
				return true;
	return false;
}

static bool is_move_possible(const struct model *model, int directory, int parent)
{
	if (directory == MODEL_ROOT || is_below(model, parent, directory))
		return false;
	return model->directories[directory].parent != parent &&
	       !has_link_outside(model, directory);
}

static bool needs_held(enum step_kind kind)
{
	return kind == STEP_READ_HELD || kind == STEP_WRITE_HELD || kind == STEP_MAP_HELD ||
	       kind == STEP_SPLICE_HELD || kind == STEP_SEND_HELD;
}

static bool is_operand_possible(const struct model *model, enum operand operand, int value)
{
	if (operand == OPERAND_NAME)
		return is_there(model, value);
	if (operand == OPERAND_PROCESS)
		return model->processes[value].is_alive;
	if (operand == OPERAND_FREE_PROCESS)
		return !model->processes[value].is_alive;
	return true;
}

/* A read that finds nothing is no error, but who waits for it would wait for ever. */
static bool is_take_possible(const struct model *model, int place)
{
	if (place == PLACE_RIGHTS)
		return false;
	if (place < PLACE_TERMINAL_OUT || place == PLACE_MEMFD)
		return true;
	return model->places[place].pending > 0;
}

/* Who maps it has read it without the mark; and other names than this may be in other directories. */
static bool is_markable(const struct model *model, int name)
{
	int inode = model->names[name].inode;

	for (int other = 0; other < model->name_count; other++)
		if (other != name && model->names[other].inode == inode &&
			is_name_live(model, other))
			return false;
	return model->inodes[inode].group == MODEL_NONE;
}

static bool is_kind_possible(const struct model *model, const struct step *step)
{
	switch (step->kind) {
	case STEP_REPLACE:
	case STEP_EXCHANGE:
		return model->names[step->a].inode != model->names[step->b].inode &&
		       model->name_count < WALK_NAMES;
	case STEP_CREATE:
	case STEP_LINK:
		return model->name_count < WALK_NAMES;
	case STEP_RENAME:
		return model->names[step->a].directory != step->b;
	case STEP_MOVE:
		return is_move_possible(model, step->a, step->b);
	case STEP_PUT:
		return step->a != PLACE_RIGHTS && model->places[step->a].pending < 6;
	case STEP_TAKE:
		return is_take_possible(model, step->a);
	case STEP_SPLICE:
	case STEP_TEE:
		return step->a != step->b;
	case STEP_SEND_HELD:
		return model->sent_count < MODEL_MESSAGES;
	case STEP_RECEIVE_HELD:
		return model->sent_count > 0;
	case STEP_EXIT: /* somebody must go on */
		return step->who > 1;
	case STEP_MARK:
		return is_markable(model, step->a);
	default:
		return true;
	}
}

bool step_is_possible(const struct model *model, const struct step *step)
{
	const struct model_process *who = &model->processes[step->who];

	if (!who->is_alive || (needs_held(step->kind) && who->held == MODEL_NONE))
		return false;
	if (!is_operand_possible(model, kinds[step->kind].a, step->a) ||
		!is_operand_possible(model, kinds[step->kind].b, step->b))
		return false;
	if (model->group_count + 1 >= MODEL_GROUPS)
		return false;
	return is_kind_possible(model, step);
}

/* xorshift64* */
static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

static uint8_t operand_random(const struct model *model, enum operand operand, uint64_t *state)
{
	switch (operand) {
	case OPERAND_NAME:
		return (uint8_t)random_below(state, (uint32_t)model->name_count);
	case OPERAND_DIRECTORY:
		return (uint8_t)random_below(state, WALK_DIRECTORIES);
	case OPERAND_PROCESS:
	case OPERAND_FREE_PROCESS:
		return (uint8_t)random_below(state, WALK_PROCESSES);
	case OPERAND_APP:
		return random_below(state, 2) ? WALK_APP_READER : WALK_APP_PLAIN;
	case OPERAND_PLACE:
		return (uint8_t)random_below(state, PLACE_MAX);
	case OPERAND_PIPE:
		return (uint8_t)random_below(state, PLACE_FIFO + 1);
	case OPERAND_LABELS:
		return (uint8_t)random_below(state, WALK_ALL + 1);
	case OPERAND_CALL:
		return (uint8_t)random_below(state, 2);
	case OPERAND_NONE:
		break;
	}
	return 0;
}

static uint8_t kind_random(uint64_t *state)
{
	uint32_t total = 0, at;

	for (int kind = 0; kind < STEP_MAX; kind++)
		total += kinds[kind].weight;
	at = random_below(state, total);
	for (uint8_t kind = 0; kind < STEP_MAX; kind++) {
		if (at < kinds[kind].weight)
			return kind;
		at -= kinds[kind].weight;
	}
	return STEP_FORGET;
}

/* A reader of what may only be viewed can do little afterwards: that is for few. */
static bool is_dull(const struct model *model, const struct step *step, uint64_t *state)
{
	bool is_read = step->kind == STEP_READ || step->kind == STEP_HOLD ||
		       step->kind == STEP_VFORK_READ;

	if (step->kind == STEP_MARK && (step->b & WALK_LABEL_VIEW))
		return random_below(state, 4) != 0;
	return is_read && (model_labels(model, step->a) & WALK_LABEL_VIEW) &&
	       random_below(state, 4) != 0;
}

struct step step_random(const struct model *model, uint64_t *state)
{
	struct step step;

	do {
		step.kind = kind_random(state);
		step.who = (uint8_t)random_below(state, WALK_PROCESSES);
		step.a = operand_random(model, kinds[step.kind].a, state);
		step.b = operand_random(model, kinds[step.kind].b, state);
	} while (!step_is_possible(model, &step) || is_dull(model, &step, state));
	return step;
}

static uint32_t place_bits(int place)
{
	switch (place) {
	case PLACE_STREAM_BACK:
	case PLACE_DATAGRAM_BACK:
	case PLACE_PACKET_BACK:
	case PLACE_TERMINAL_IN:
		return 1u << (place - 1);
	default:
		return 1u << place;
	}
}

uint32_t step_places(const struct step *step)
{
	uint32_t places = 0;

	if (kinds[step->kind].a == OPERAND_PLACE || kinds[step->kind].a == OPERAND_PIPE)
		places |= place_bits(step->a);
	if (kinds[step->kind].b == OPERAND_PIPE)
		places |= place_bits(step->b);
	if (step->kind == STEP_SEND_HELD || step->kind == STEP_RECEIVE_HELD)
		places |= place_bits(PLACE_RIGHTS);
	if (step->kind == STEP_MAP_MEMFD)
		places |= place_bits(PLACE_MEMFD);
	return places;
}

static void operand_print(enum operand operand, int value, char *ret_text, size_t size)
{
	switch (operand) {
	case OPERAND_NAME:
		(void)snprintf(ret_text, size, " file %d", value);
		break;
	case OPERAND_DIRECTORY:
		(void)snprintf(ret_text, size, " directory %d", value);
		break;
	case OPERAND_PROCESS:
	case OPERAND_FREE_PROCESS:
		(void)snprintf(ret_text, size, " process %d", value);
		break;
	case OPERAND_APP:
		(void)snprintf(ret_text, size, " the %s program",
			value == WALK_APP_READER ? "reader's" : "plain");
		break;
	case OPERAND_PLACE:
	case OPERAND_PIPE:
		(void)snprintf(ret_text, size, " %s", place_words[value]);
		break;
	case OPERAND_LABELS:
		(void)snprintf(ret_text, size, " with %x", value);
		break;
	case OPERAND_CALL:
		(void)snprintf(ret_text, size, " by call %d", value);
		break;
	case OPERAND_NONE:
		*ret_text = 0;
		break;
	}
}

void step_print(const struct step *step, char *ret_text, size_t size)
{
	char a[32], b[32];

	operand_print(kinds[step->kind].a, step->a, a, sizeof(a));
	operand_print(kinds[step->kind].b, step->b, b, sizeof(b));
	(void)snprintf(ret_text, size, "process %d %s%s%s%s", step->who, kinds[step->kind].words, a,
		*b ? "," : "", b);
}
