/* SPDX-License-Identifier: Apache-2.0 */
/* _pam_dispatch_aux() of Linux-PAM, libpam/pam_dispatch.c, over answers that are given to it. */
#include <string.h>

#include "agent/cli/pam_stack.h"

#define MUST_FAIL PAM_PERM_DENIED /* PAM_MUST_FAIL_CODE */

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct state {
	enum impression impression;
	int status;
};

struct walk {
	const struct pam_stack_line *lines[PAM_STACK_LINES_MAX];
	int answers[PAM_STACK_LINES_MAX];
	size_t count;
	struct state now, substacks[PAM_STACK_DEPTH_MAX + 1];
	const struct pam_stack_line *decided_by;
};

/* The lines of the type that are there at all, and what they answer. */
static void lines_take(struct walk *walk, const struct pam_stack *stack, enum pam_stack_type type,
	pam_stack_answer_function *answer, void *userdata)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct pam_stack_line *line = &stack->lines[i];
		int code = MUST_FAIL;

		if (line->type != type)
			continue;
		if (line->kind == PAM_STACK_MODULE)
			code = answer(line, userdata);
		if (code == PAM_STACK_LEAVE_OUT)
			continue;
		walk->lines[walk->count] = line;
		walk->answers[walk->count++] = code;
	}
}

static void good(struct walk *walk, int answer)
{
	if (walk->now.impression == UNDECIDED ||
		(walk->now.impression == POSITIVE && walk->now.status == PAM_SUCCESS))
		walk->now = (struct state){POSITIVE, answer};
}

static void bad(struct walk *walk, const struct pam_stack_line *line, int answer)
{
	if (walk->now.impression == NEGATIVE)
		return;
	walk->now = (struct state){NEGATIVE, answer == PAM_IGNORE ? MUST_FAIL : answer};
	walk->decided_by = line;
}

/* Behind the end of the stack, or substack, that line `at` is in. */
static size_t stack_end(const struct walk *walk, size_t at)
{
	unsigned int level = walk->lines[at]->level;

	while (at + 1 < walk->count && walk->lines[at + 1]->level >= level)
		at++;
	return at + 1;
}

/* Over so many lines of the same stack, a substack counted as its parts' begin. */
static size_t jump(struct walk *walk, size_t at, int count)
{
	unsigned int level = walk->lines[at]->level;
	const struct pam_stack_line *line = walk->lines[at];

	while (at + 1 < walk->count && walk->lines[at + 1]->level >= level && count > 0) {
		do
			at++;
		while (at + 1 < walk->count && walk->lines[at + 1]->level > level);
		count--;
	}
	if (count) { /* "bad jump in stack" */
		walk->now = (struct state){NEGATIVE, MUST_FAIL};
		walk->decided_by = line;
	}
	return at + 1;
}

/* The next line. */
static size_t step(struct walk *walk, size_t at)
{
	const struct pam_stack_line *line = walk->lines[at];
	int answer = walk->answers[at], action = PAM_STACK_BAD;

	if (answer >= 0 && answer < _PAM_RETURN_VALUES)
		action = line->actions[answer];
	else
		answer = MUST_FAIL;
	switch (action) {
	case PAM_STACK_RESET:
		walk->now = walk->substacks[line->level];
		return at + 1;
	case PAM_STACK_OK:
		good(walk, answer);
		return at + 1;
	case PAM_STACK_DONE:
		good(walk, answer);
		if (walk->now.impression != POSITIVE)
			return at + 1;
		walk->decided_by = line;
		return stack_end(walk, at);
	case PAM_STACK_BAD:
		bad(walk, line, answer);
		return at + 1;
	case PAM_STACK_DIE:
		bad(walk, line, answer);
		return stack_end(walk, at);
	case PAM_STACK_IGNORE:
		return at + 1;
	default:
		return jump(walk, at, action);
	}
}

void pam_stack_walk(const struct pam_stack *stack, enum pam_stack_type type,
	pam_stack_answer_function *answer, void *userdata, struct pam_stack_walk *ret_walk)
{
	static struct walk walk; /* too large for the stack */
	unsigned int level = 0;

	memset(&walk, 0, sizeof(walk));
	memset(ret_walk, 0, sizeof(*ret_walk));
	walk.now = walk.substacks[0] = (struct state){UNDECIDED, MUST_FAIL};
	lines_take(&walk, stack, type, answer, userdata);
	for (size_t at = 0; at < walk.count;) {
		const struct pam_stack_line *line = walk.lines[at];

		if (line->level > level && line->level <= PAM_STACK_DEPTH_MAX)
			walk.substacks[line->level] = walk.now;
		level = line->level;
		if (line->kind == PAM_STACK_SUBSTACK) {
			at++;
			continue;
		}
		ret_walk->steps[ret_walk->count++] = (struct pam_stack_step){
			line, walk.answers[at]};
		at = step(&walk, at);
	}
	ret_walk->result = walk.now.status;
	if (walk.now.status == PAM_SUCCESS && walk.now.impression != POSITIVE)
		ret_walk->result = MUST_FAIL;
	ret_walk->decided_by = walk.decided_by;
}
