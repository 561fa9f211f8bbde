/* SPDX-License-Identifier: Apache-2.0 */
/* One process of the agent: descriptors in their places, user, exec; and its end. */
#ifndef HOLDFAST_AGENT_SUPERVISOR_PROCESS_H
#define HOLDFAST_AGENT_SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#define PROCESS_ARGUMENTS_MAX 24

struct process_plan {
	const char *directory; /* of the executable */
	/* argv, the name of the executable first; NULLs between are left out. */
	const char *arguments[PROCESS_ARGUMENTS_MAX];
	int peer_fd;   /* becomes descriptor 3; -EBADF = none */
	int second_fd; /* 4: the socket to us, of the led one; of keyring the TPM; -EBADF = none */
	int third_fd;  /* 5: of keyring the socket it listens on; 0 or -EBADF = none */
	bool has_user; /* else it stays root */
	uid_t uid;
	gid_t gid;
	gid_t group; /* one more; (gid_t)-1 = none */
	bool may_lock_memory;
};

/* The process id, or negative errno. What goes wrong behind fork(2) ends the child with a log line. */
pid_t process_start(const struct process_plan *plan);
/* A pair of sockets for two processes. 0 or negative errno. */
int process_sockets(int ret_fds[2]);
/* Whether it has ended; it is not reaped. */
bool process_is_gone(pid_t process);
/* Waits for both to end by themselves, then kills them. Sets each to 0. */
void process_end(pid_t *first, pid_t *second);

#endif
