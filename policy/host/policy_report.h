/* SPDX-License-Identifier: Apache-2.0 */
/* A policy from the file system for a person's command: compiled, or every error said. */
#ifndef HOLDFAST_POLICY_HOST_POLICY_REPORT_H
#define HOLDFAST_POLICY_HOST_POLICY_REPORT_H

#include "policy/host/policy_files.h"

/*
 * Compiles with the users of this machine; files, which are new, keep what was read. NULL after
 * every error was written to the standard error output, `program` before the last line.
 * policy_compiled_free() it.
 */
struct policy_compiled *policy_report_load(
	const char *program, const char *path, struct policy_files *files);
/* One line of praise on the standard output. */
void policy_report_good(const char *path, const struct policy_compiled *policy);

#endif
