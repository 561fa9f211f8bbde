/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a policy: a bounded list of {file, line, what was expected, nearest valid
 * word}. Owns the list and its order only; it finds no problems itself.
 */
#ifndef HOLDFAST_POLICY_PROBLEM_H
#define HOLDFAST_POLICY_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#define POLICY_PROBLEM_MAX	100 /* problems kept; more are counted in policy_problems.left_out */
#define POLICY_PROBLEM_TEXT_MAX 400 /* bytes of a message or hint, without the NUL */

/* Where something stands. file is owned by the struct policy or policy_problems it came from. */
struct policy_place {
	const char *file;  /* as it was opened: include paths are joined to the including file's */
	unsigned int line; /* from 1; 0 = the file as a whole */
	unsigned int file_order; /* position of the file in reading order, for sorting */
};

struct policy_problem {
	char *file;
	unsigned int line; /* from 1; 0 = the file as a whole */
	unsigned int file_order;
	char *message; /* what is wrong and what was expected */
	char *hint;    /* nearest valid word, or what to write instead; NULL = none */
};

struct policy_problems {
	struct policy_problem *items;
	size_t count;
	size_t left_out;       /* found past POLICY_PROBLEM_MAX */
	bool is_out_of_memory; /* a problem could not be kept: treat as failure */
};

/*
 * Adds one problem; a second one with the same file, line and message is dropped. Copies all it is
 * given. hint may be NULL or "". Never fails: what does not fit is counted.
 */
void policy_problems_add(struct policy_problems *problems, const struct policy_place *place,
	const char *hint, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True when anything was added or left out since init. */
bool policy_problems_any(const struct policy_problems *problems);

/* Reading order of the files, then line. Stable. */
void policy_problems_sort(struct policy_problems *problems);

/* Frees what the list holds, not the list, and leaves it empty; for auto_call(). Accepts NULL. */
void policy_problems_done(struct policy_problems *problems);

#endif
