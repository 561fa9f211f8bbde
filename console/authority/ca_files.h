/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a tenant's certificates and keys lie. Files are made once (O_EXCL) and synced, keys 0600;
 * PEM throughout. The root's key is PKCS#8 under a passphrase (scrypt) and is needed for a new
 * issuing authority only: it may be taken to a place of its own. The issuing key and the server's
 * are not encrypted: the processes that use them start unattended.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_CA_FILES_H
#define HOLDFAST_CONSOLE_AUTHORITY_CA_FILES_H

#include <stddef.h>

#include "console/authority/ca.h"

#define CA_ROOT_CERTIFICATE    "root.crt"
#define CA_ROOT_KEY	       "root.key"
#define CA_ISSUING_CERTIFICATE "issuing.crt"
#define CA_ISSUING_KEY	       "issuing.key"
#define CA_PASSPHRASE_MIN      8
#define CA_FILE_MAX	       65536 /* bytes */

/*
 * Makes the root and the issuing authority of a tenant (its uid as text). -EEXIST when there are
 * files already, which are left as they are; -EINVAL for a short passphrase or a long name.
 */
int ca_files_create(int directory_fd, const char *tenant, const char *passphrase);
/* Another issuing authority in place of the one there; -EACCES for a wrong passphrase. */
int ca_files_renew_issuing(int directory_fd, const char *passphrase);
/*
 * Makes FRONTEND_CERTIFICATE and FRONTEND_KEY (console/frontend/frontend.h) in tls_directory_fd,
 * also in place of earlier ones. names as for ca_server_new().
 */
int ca_files_server(int directory_fd, int tls_directory_fd, const char *const *names, size_t count);

/* What the authority signs with. -EACCES when the key can be read by others. */
struct ca_files {
	struct ca_pair issuing;
	X509 *root;
};

int ca_files_open(int directory_fd, struct ca_files *ret_files);
void ca_files_done(struct ca_files *files);

#endif
