/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one file by which MDM enrols a device without anybody there: /etc/holdfast/enroll.ini, described in
 * holdfast-console.ini(5). It holds a secret, so it is root's alone and gone once it has served.
 */
#ifndef HOLDFAST_AGENT_CLI_ENROL_FILE_H
#define HOLDFAST_AGENT_CLI_ENROL_FILE_H

#include <limits.h>
#include <stddef.h>

#define ENROL_FILE_MAX	      65536 /* bytes of the whole */
#define ENROL_FILE_CA_SIZE    16384
#define ENROL_FILE_TOKEN_SIZE 256
#define ENROL_FILE_ERROR_SIZE 256

struct enrol_file {
	char consoles[2048];	     /* URLs with commas between */
	char ca[ENROL_FILE_CA_SIZE]; /* PEM; "": it is in ca_path */
	char ca_path[PATH_MAX];
	char token[ENROL_FILE_TOKEN_SIZE]; /* "": it is in token_path; the caller wipes it */
	char token_path[PATH_MAX];
	char name[256];	 /* "" = the host's */
	char proxy[512]; /* "" = none */
	char key[8];	 /* auto, tpm, file; "" = auto */
};

/*
 * What text says; path is for messages. 0; -EINVAL with "FILE:LINE: what" in ret_error, which never
 * has a value of the file in it: that may be the token. ret_file is written on success only.
 */
int enrol_file_parse(const char *path, const char *text, struct enrol_file *ret_file,
	char ret_error[ENROL_FILE_ERROR_SIZE]);

/*
 * The same of a file, which must be regular, root's and for nobody else (0600). -ENOENT; -EINVAL;
 * another negative errno; all of them with words in ret_error.
 */
int enrol_file_read(
	const char *path, struct enrol_file *ret_file, char ret_error[ENROL_FILE_ERROR_SIZE]);

/* It has served: its bytes are overwritten and its name is taken away, durably. 0 or negative errno. */
int enrol_file_erase(const char *path);

#endif
