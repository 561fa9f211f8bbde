/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL says when something fails: as a number of ours, and its words for people. */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_PROBLEM_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_PROBLEM_H

/* What went wrong last, in the database's words; one line. */
const char *pg_problem(void);
/* Says it in our own. */
void pg_set_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As libpq has them, without their heads. */
void pg_take_problem(const char *message);
/* The errno for an SQLSTATE, which may be NULL. */
int pg_error_of(const char *state);
/* -EHOSTUNREACH may be -EACCES or -ENOENT by the words: of connecting, libpq keeps no more. */
int pg_refine_error(int r);

#endif
