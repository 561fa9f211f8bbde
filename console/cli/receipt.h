/* SPDX-License-Identifier: Apache-2.0 */
/* What proving a receipt needs, of a key or of a wiped device: without a console. */
#ifndef HOLDFAST_CONSOLE_CLI_RECEIPT_H
#define HOLDFAST_CONSOLE_CLI_RECEIPT_H

#include <openssl/types.h>
#include <stddef.h>

/* The root certificate: that of this console or, if not NULL, of the file. NULL, after saying why; the caller frees. */
X509_STORE *receipt_anchors(const char *ca);
/* The whole of a file, or of the input ("-"). Bytes; -EFBIG when it is more, negative errno. */
int receipt_read(const char *path, char *ret_bytes, size_t size);

#endif
