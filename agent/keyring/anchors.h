/* SPDX-License-Identifier: Apache-2.0 */
/* Whose words are the console's: the root certificate that root or MDM put on this machine. */
#ifndef HOLDFAST_AGENT_KEYRING_ANCHORS_H
#define HOLDFAST_AGENT_KEYRING_ANCHORS_H

#include <openssl/types.h>

/*
 * Of the file that console.ini names, as both are now. NULL, with a line in the log: there is none. The
 * caller X509_STORE_free()s it.
 */
X509_STORE *anchors_read(const char *config);

#endif
