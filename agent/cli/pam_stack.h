/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAM's configuration of one service, read and walked through as libpam does it (pam.d(5),
 * libpam/pam_handlers.c and pam_dispatch.c of Linux-PAM 1.5), without running a module: what each would
 * answer is the caller's to say. Pure: files come from the caller. Fuzzed by tests/fuzz/pam_stack.c.
 */
#ifndef HOLDFAST_AGENT_CLI_PAM_STACK_H
#define HOLDFAST_AGENT_CLI_PAM_STACK_H

#include <security/_pam_types.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

#define PAM_STACK_LINES_MAX 512 /* of one service, what it includes counted */
#define PAM_STACK_FILES_MAX 64	/* read for one service; one included twice counts twice */
#define PAM_STACK_DEPTH_MAX 16	/* levels of include, as PAM_SUBSTACK_MAX_LEVEL */
#define PAM_STACK_WORD_MAX  256 /* bytes of a module's name */
#define PAM_STACK_ARGS_MAX  512 /* bytes of its arguments, cut */

enum pam_stack_type {
	PAM_STACK_AUTH,
	PAM_STACK_ACCOUNT,
	PAM_STACK_SESSION,
	PAM_STACK_PASSWORD,
	PAM_STACK_TYPE_MAX
};

enum pam_stack_kind {
	PAM_STACK_MODULE,
	PAM_STACK_SUBSTACK,  /* where one begins */
	PAM_STACK_MUST_FAIL, /* a line that libpam can't read: it fails when its turn comes */
};

/* Negative: what to do; positive: how many to jump over. */
enum pam_stack_action {
	PAM_STACK_IGNORE = 0,
	PAM_STACK_OK = -1,
	PAM_STACK_DONE = -2,
	PAM_STACK_BAD = -3,
	PAM_STACK_DIE = -4,
	PAM_STACK_RESET = -5,
};

struct pam_stack_line {
	enum pam_stack_type type;
	enum pam_stack_kind kind;
	unsigned int level; /* of substacks */
	int actions[_PAM_RETURN_VALUES];
	char control[64];
	char module[PAM_STACK_WORD_MAX];
	char arguments[PAM_STACK_ARGS_MAX];
	const char *file; /* of the stack */
	unsigned int number;
};

struct pam_stack {
	struct pam_stack_line *lines;
	size_t count;
	char *files[PAM_STACK_FILES_MAX];
	size_t file_count;
	char problem[256]; /* the first line that libpam can't read, and why; "" */
};

/* A file of pam.d by its name, or an absolute path. The library frees. 0, -ENOENT, negative errno. */
typedef int pam_stack_read_function(
	const char *name, char **ret_text, size_t *ret_size, void *userdata);

/*
 * Types of which service says nothing are those of "other". 0: *ret_stack is the caller's,
 * pam_stack_free() it. -ENOENT when there is neither, -E2BIG, -ENOMEM.
 */
int pam_stack_read(pam_stack_read_function *read, void *userdata, const char *service,
	struct pam_stack **ret_stack);
void pam_stack_free(struct pam_stack *stack);
CLEANUP_DEFINE(struct pam_stack, pam_stack_free)

/* What a module would answer: a PAM code. PAM_STACK_LEAVE_OUT: as if its line were not there. */
#define PAM_STACK_LEAVE_OUT (-1)
typedef int pam_stack_answer_function(const struct pam_stack_line *line, void *userdata);

struct pam_stack_step {
	const struct pam_stack_line *line;
	int answer;
};

struct pam_stack_walk {
	int result;					  /* what the program would get from PAM */
	struct pam_stack_step steps[PAM_STACK_LINES_MAX]; /* modules that ran, in order */
	size_t count;
	const struct pam_stack_line
		*decided_by; /* that ended the stack, or made it fail first; NULL */
};

void pam_stack_walk(const struct pam_stack *stack, enum pam_stack_type type,
	pam_stack_answer_function *answer, void *userdata, struct pam_stack_walk *ret_walk);

const char *pam_stack_type_name(enum pam_stack_type type);

#endif
