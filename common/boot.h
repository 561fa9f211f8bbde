/* SPDX-License-Identifier: Apache-2.0 */
/* Which start of this machine it is: a UUID that the kernel makes at each. */
#ifndef HOLDFAST_COMMON_BOOT_H
#define HOLDFAST_COMMON_BOOT_H

#include <stdint.h>

#include "common/uuid.h"

/* 0; negative errno with zeros: then starts are not told apart. */
int boot_id_read(uint8_t ret_id[UUID_SIZE]);

#endif
