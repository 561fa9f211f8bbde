/* SPDX-License-Identifier: Apache-2.0 */
/* What making a console, and joining one, have in common. */
#ifndef HOLDFAST_CONSOLE_CLI_INIT_H
#define HOLDFAST_CONSOLE_CLI_INIT_H

#include "console/authority/ca.h"
#include "console/cli/policy.h"
#include "console/store/enrolment.h"
#include "console/store/secret.h"

struct init_passphrase {
	char text[POLICY_PASSPHRASE_SIZE];
	bool is_made;
};

struct init_plan {
	const char *names[CA_SERVER_NAMES];
	size_t name_count;
	const char *tenant, *admin, *passphrase_file, *policy_file;
	const char *ca_key;		      /* URI of a token's; NULL: a file */
	char token_words[TOKEN_WORDS_MAX];    /* what is wrong with the token */
	const char *database, *password_file; /* NULL: a file of its own */
	bool is_joining;
	char host[256];
	struct init_passphrase root, policy, password;
	char secret[SECRET_TEXT_SIZE];
	char token[ENROLMENT_TOKEN_SIZE];
	uid_t store_uid, frontend_uid;
	gid_t store_gid, frontend_gid;
};

/* join.c. enum cli_exit. */
int init_join(struct init_plan *plan);
/* init.c: a directory below the state directory; -1 and errno. */
int init_open_directory(const char *name);
/* Each process's files become its user's. */
int init_give_away(const struct init_plan *plan);

#endif
