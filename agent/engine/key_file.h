/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that root put into files: of maintenance, of who signs policies. */
#ifndef HOLDFAST_AGENT_ENGINE_KEY_FILE_H
#define HOLDFAST_AGENT_ENGINE_KEY_FILE_H

#include "common/signing.h"

/*
 * The first Ed25519 key of a file. -ENOENT, -EBADMSG when it holds none or is not root's alone, or
 * negative errno. signing_key_free() it.
 */
int key_file_read(const char *path, struct signing_key **ret_key);

#endif
