/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast: one file per verb, each with one function of main's shape. Runs as the person who
 * types; has no privilege of its own.
 * Exit status: 0 done, 1 refused or not found (said in words), 2 wrong use, 3 agent not reachable.
 */
#ifndef HOLDFAST_AGENT_CLI_CLI_H
#define HOLDFAST_AGENT_CLI_CLI_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
#include "common/print.h"
#include "agent/ipc/request.h"

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_NO_AGENT = 3 };

/* Set by options before the verb. */
struct cli {
	const char *runtime_directory;
	const char *log_directory;
	const char *policy_path;
};
extern struct cli cli;

int cli_status(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_label(int argc, char **argv);
int cli_events(int argc, char **argv);
int cli_why(int argc, char **argv);
int cli_justify(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_taint(int argc, char **argv);
int cli_lineage(int argc, char **argv);
int cli_policy(int argc, char **argv);
int cli_maintenance(int argc, char **argv);
int cli_enrol(int argc, char **argv);
int cli_pam_check(int argc, char **argv);
int cli_vault(int argc, char **argv);
int cli_ticket(int argc, char **argv);
int cli_privacy(int argc, char **argv);
int cli_compliance(int argc, char **argv);
/* Below policy; work without the agent. */
int cli_policy_check(int argc, char **argv);
int cli_policy_explain(int argc, char **argv);
/* policy_login.c: explain --login. enum cli_exit. */
int policy_explain_login(const char *path, const char *account);

/* events_verify.c: what --verify does. enum cli_exit. */
int events_verify(void);

/* options.c: --json and --help; OPTIONS_GO_ON, or the enum cli_exit to leave with. Moves optind. */
#define OPTIONS_GO_ON (-1)
int options_json(int argc, char **argv, const char *usage, bool *ret_is_json);
/* A whole number from 1 to most. 0 or -EINVAL. */
int options_number(const char *text, unsigned long most, unsigned long *ret_number);
/* The argument that is left, a process id, if any is; OPTIONS_GO_ON, or CLI_USAGE with words printed. */
int options_process(int argc, char **argv, const char *usage, uint32_t *ret_pid);

/* client.c: asks and calls line for each object (borrowed). fd: a directory, or -1. enum cli_exit. */
int client_ask(const struct local_request *request, int fd,
	void (*line)(struct json_object *object, const char *text, void *userdata), void *userdata);
/* As client_ask, without words on the error output. */
int client_ask_quietly(const struct local_request *request,
	void (*line)(struct json_object *object, const char *text, void *userdata), void *userdata);

/* verify_status.c: what of an engine's status is about verification. */
void print_verification(struct json_object *status);

/* tree.c: what stands before line `index` of a tree whose lines have these depths (from 1). */
#define TREE_PREFIX_SIZE 512
void tree_prefix(const unsigned int *depths, size_t count, size_t index, bool has_lines,
	char ret_prefix[TREE_PREFIX_SIZE]);

/* person.c: "NAME (process N, user U, application A)" of a line that lineage or taint answered. */
void print_person(struct json_object *line);

/* print.c: one event, one line. */
void print_event(struct json_object *event);

#endif
