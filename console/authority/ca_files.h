/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a tenant's certificates and keys lie. Files are made once (O_EXCL) and synced, keys 0600;
 * PEM throughout. The root's key is PKCS#8 under a passphrase (scrypt) and is needed for a new
 * issuing authority only: it may be taken to a place of its own. The issuing key, unless it is in a
 * PKCS#11 token, and the server's are not encrypted: the processes that use them start unattended.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_CA_FILES_H
#define HOLDFAST_CONSOLE_AUTHORITY_CA_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "console/authority/ca.h"
#include "console/authority/token.h"

#define CA_ROOT_CERTIFICATE    "root.crt"
#define CA_ROOT_KEY	       "root.key"
#define CA_ISSUING_CERTIFICATE "issuing.crt"
#define CA_ISSUING_KEY	       "issuing.key"
#define CA_ISSUING_URI	       "issuing.uri" /* in the key's place: it is in a token */
#define CA_PASSPHRASE_MIN      8
#define CA_FILE_MAX	       65536 /* bytes */

struct ca_plan {
	const char *tenant;	/* its uid as text */
	const char *passphrase; /* of the root's key */
	const char *uri;	/* of the issuing key in a token, token_uri.h; NULL: a file */
};

/*
 * Makes the root and the issuing authority of a tenant. -EEXIST when there are files already, which
 * are left as they are; -EINVAL for a short passphrase or a long name; those of token_key_open(), and
 * then *ret_words says what is wrong, else it is "".
 */
int ca_files_create(int directory_fd, const struct ca_plan *plan, char ret_words[TOKEN_WORDS_MAX]);
/* Another issuing authority in place of the one there; -EACCES for a wrong passphrase. */
int ca_files_renew_issuing(int directory_fd, const char *passphrase);
/*
 * Makes FRONTEND_CERTIFICATE and FRONTEND_KEY (console/frontend/frontend.h) in tls_directory_fd,
 * also in place of earlier ones. names as for ca_server_new().
 */
int ca_files_server(int directory_fd, int tls_directory_fd, const char *const *names, size_t count);

/* What the authority signs with. */
struct ca_files {
	struct ca_pair issuing;
	X509 *root;
	bool is_token;	  /* the key is in one */
	bool has_network; /* which is reached over the network */
	char words[TOKEN_WORDS_MAX];
};

/*
 * -EACCES when the key can be read by others, and those of token_key_open(): words, which is written
 * in any case, says what is wrong; "" = nothing more than the error.
 */
int ca_files_open(int directory_fd, struct ca_files *ret_files);
void ca_files_done(struct ca_files *files);

#endif
