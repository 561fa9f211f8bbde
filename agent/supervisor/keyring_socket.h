/* SPDX-License-Identifier: Apache-2.0 */
/* The socket on which keyring is asked; keyring itself has no right to make one. */
#ifndef HOLDFAST_AGENT_SUPERVISOR_KEYRING_SOCKET_H
#define HOLDFAST_AGENT_SUPERVISOR_KEYRING_SOCKET_H

#include <sys/types.h>

/*
 * Listens in that directory, in place of an earlier one's: root and the group may connect. The caller's to
 * close, or negative errno.
 */
int keyring_socket_make(const char *directory, gid_t group);

#endif
