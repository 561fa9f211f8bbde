/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of memory for keys: memfd_secret(2) where the kernel has it, which takes it out of the kernel's own
 * map, so that no debugger, /proc/PID/mem, crash dump or hibernation image holds it; else locked memory
 * that is left out of core dumps. A machine can't hibernate while a secret memory is there.
 */
#ifndef HOLDFAST_AGENT_KEYRING_SECRET_MEMORY_H
#define HOLDFAST_AGENT_KEYRING_SECRET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum secret_wish {
	SECRET_WISH_AUTO = 0, /* memfd_secret(2), unless the machine is set up to hibernate */
	SECRET_WISH_SECRET,   /* in any case: it can't hibernate then */
	SECRET_WISH_LOCKED,
};

/* Wire values: agent/ipc/keyring.h says them. */
enum secret_place {
	SECRET_NOWHERE = 0,
	SECRET_MEMFD = 1,    /* memfd_secret(2) */
	SECRET_LOCKED = 2,   /* mlock(2): not in the swap; a hibernation image would have it */
	SECRET_UNLOCKED = 3, /* not even that: RLIMIT_MEMLOCK is too low */
};

struct secret_memory {
	void *start;
	size_t size; /* whole pages */
	enum secret_place place;
};

/*
 * At least that many bytes, zeros. Before the filter of system calls. -ENOMEM; that there is no better
 * place than another is no failure.
 */
int secret_memory_open(size_t size, enum secret_wish wish, struct secret_memory *ret_memory);
/* Wipes. */
void secret_memory_close(struct secret_memory *memory);
/* "memfd_secret" and the like, for people. */
const char *secret_place_name(enum secret_place place);
/* Whether it is set up to hibernate: a place to resume from, and the kernel lets it. Reads /sys/power. */
bool secret_machine_hibernates(void);

#endif
