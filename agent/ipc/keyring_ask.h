/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side of keyring's local socket, keyring_ask() for programs that may wait: a key in a file signs in well
 * under a millisecond, one in a TPM takes a tenth of a second.
 */
#ifndef HOLDFAST_AGENT_IPC_KEYRING_ASK_H
#define HOLDFAST_AGENT_IPC_KEYRING_ASK_H

#include "agent/ipc/keyring.h"

/*
 * A connection to the keyring of that runtime directory; flags: SOCK_NONBLOCK or 0. Who owns the directory could put a socket of his own
 * there: only one that root listens on (holdfastd made it) is taken. The caller's to close; -ENOENT and
 * -ECONNREFUSED when no keyring runs, -EACCES, -EPERM when it is not root's, negative errno.
 */
int keyring_connect(const char *runtime_directory, int flags);
/*
 * One request, with a descriptor or -1, which stays the caller's. Bytes of the answer, or the keyring's negative
 * errno: -EPERM when the verb is not for the caller, -EOPNOTSUPP when it knows none; -ECONNRESET when it is
 * gone, -ETIMEDOUT when it does not answer (the connection is of no use then), -EBADMSG.
 */
int keyring_ask(int fd, const struct keyring_request *request, int pass_fd,
	struct keyring_answer *ret_answer);

#endif
