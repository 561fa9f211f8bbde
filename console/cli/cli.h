/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console: one file per verb, each with one function of main's shape.
 * Exit status: 0 done, 1 refused or not found (said in words), 2 wrong use, 3 console not reachable.
 */
#ifndef HOLDFAST_CONSOLE_CLI_CLI_H
#define HOLDFAST_CONSOLE_CLI_CLI_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"
#include "common/print.h"
#include "console/ipc/admin.h"

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_NO_CONSOLE = 3 };

/* Below the state directory: each process's own. */
#define CLI_STORE_DIRECTORY	"store"
#define CLI_AUTHORITY_DIRECTORY "authority"
#define CLI_KEYS_DIRECTORY \
	"keys" /* the authority's: of labels; in no backup, and copied to no other console */
#define CLI_TLS_DIRECTORY     "tls"
#define CLI_SIGNING_DIRECTORY "signing" /* root's; nothing of serve reads it */
#define CLI_POLICY_KEY	      "policy.key"
#define CLI_DEVICES_FILE      "devices.pem" /* root certificate and policy key: for devices */
#define CLI_LOCK	      "lock"	    /* held by serve, init and restore */

#define CLI_STORE_USER	   "holdfast-store"
#define CLI_FRONTEND_USER  "holdfast-frontend"
#define CLI_AUTHORITY_USER "holdfast-authority"
#define CLI_EXPORTER_USER  "holdfast-exporter"
#define CLI_LISTEN	   "[::]:8443"

/* Set by options before the verb. */
struct cli {
	const char *state_directory;
	const char *runtime_directory;
	const char *config_directory; /* what people write: export.ini */
};
extern struct cli cli;

int cli_init(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_device(int argc, char **argv);
int cli_policy(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_rule(int argc, char **argv);
int cli_events(int argc, char **argv);
int cli_audit(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_trace(int argc, char **argv);
int cli_seal_key(int argc, char **argv);
int cli_key(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_findings(int argc, char **argv);
int cli_beacon(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);

/* main.c: says that and how a verb was used wrongly. CLI_USAGE. */
int cli_usage(const char *usage);
/* Says on the error output, after "holdfast-console: ". CLI_REFUSED. */
int cli_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A path below the state directory. */
void cli_path(char *ret_path, size_t size, const char *directory, const char *name);
/* export.c: a line about an output; userdata: a bool, whether as it came. */
void cli_export_print(struct json_object *line, const char *text, void *userdata);
/* A path below the directory of configuration. */
void cli_config_path(char *ret_path, size_t size, const char *name);
/* The lock of the state directory, to be held until exit; -EBUSY when a console runs. */
int cli_lock(void);
/* --json and --help; OPTIONS_GO_ON, or the enum cli_exit to leave with. Moves optind. */
#define OPTIONS_GO_ON (-1)
int cli_options_json(int argc, char **argv, const char *usage, bool *ret_is_json);
/* A whole number from 1 to most. 0 or -EINVAL. */
int cli_number(const char *text, unsigned long most, uint32_t *ret_number);
/* Copies an argument into a request; false, with a word, when it is too long. */
bool cli_text(char *ret_text, size_t size, const char *text);

/* client.c: asks the store; line is called for each object (borrowed). enum cli_exit. */
int client_ask(const struct admin_request *request,
	void (*line)(struct json_object *object, const char *text, void *userdata), void *userdata);
/* Likewise; fd (-1 = none) goes with the request, *ret_fd (or NULL) came with a line: the caller's. */
int client_ask_with(const struct admin_request *request, int fd, int *ret_fd,
	void (*line)(struct json_object *object, const char *text, void *userdata), void *userdata);

#endif
