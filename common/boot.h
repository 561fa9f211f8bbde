/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which start of this machine it is, and whether the boot clock is the kernel's own. Both are what a
 * lease is bound to, so root's means of showing something else (a mount, a time namespace) are looked for.
 */
#ifndef HOLDFAST_COMMON_BOOT_H
#define HOLDFAST_COMMON_BOOT_H

#include <stdint.h>

#include "common/uuid.h"

/* Remembers both: to be called before the filter of system calls. As boot_id_read(). */
int boot_look(void);
/*
 * A UUID that the kernel makes at each start. 0; negative errno with zeros: -EXDEV when something is mounted over
 * it.
 */
int boot_id_read(uint8_t ret_id[UUID_SIZE]);
/* 0; -EXDEV: CLOCK_BOOTTIME of this process is a time namespace's, which root can set as they like. */
int boot_clock_check(void);

#endif
