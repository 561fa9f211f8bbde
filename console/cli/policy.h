/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of holdfast-console policy share. */
#ifndef HOLDFAST_CONSOLE_CLI_POLICY_H
#define HOLDFAST_CONSOLE_CLI_POLICY_H

#include "common/signing.h"
#include "console/cli/cli.h"
#include "policy/bundle.h"

#define POLICY_PASSPHRASE_SIZE 1024

/* A published policy as the store has it. */
struct policy_kept {
	struct json_object *about; /* own */
	uint8_t *bytes;		   /* own */
	size_t size;
	struct bundle bundle;
};

int cli_policy_publish(int argc, char **argv);
int cli_policy_preview(int argc, char **argv);
int cli_policy_rollback(int argc, char **argv);
int cli_policy_show(int argc, char **argv);
int cli_policy_diff(int argc, char **argv);
extern const char cli_policy_usage[];

/* policy_show.c: version 0 = the newest. enum cli_exit, with a word when it is none. */
int policy_fetch(uint64_t version, struct policy_kept *ret_kept);
void policy_kept_done(struct policy_kept *kept);
/* A version from 1 on; 0 or -EINVAL. */
int policy_version(const char *text, uint64_t *ret_version);

/* signing_key.c */

/* Makes the pair: the private half in its own file, the public one behind the root in CLI_DEVICES_FILE. */
int signing_key_create(const char *passphrase);
/* The one in that file, or in the state directory's when NULL; asks for the passphrase without a
 * file of it. NULL with a word. signing_key_free() it. */
struct signing_key *signing_key_open(const char *path, const char *passphrase_file);
/* Says so when devices are not known to have this key. */
void signing_key_compare(const struct signing_key *key);

/* passphrase.c: the first line of the file, or typed in. 0, or CLI_REFUSED with a word. */
int passphrase_read(
	const char *path, const char *what, char ret_passphrase[POLICY_PASSPHRASE_SIZE]);

#endif
