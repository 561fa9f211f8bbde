/* SPDX-License-Identifier: Apache-2.0 */
#include "common/boot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int boot_id_read(uint8_t ret_id[UUID_SIZE])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char text[UUID_TEXT_SIZE] = "";
	int r = -errno;

	memset(ret_id, 0, UUID_SIZE);
	if (!file)
		return r;
	r = fgets(text, sizeof(text), file) ? uuid_parse(text, ret_id) : -EIO;
	(void)fclose(file); /* read only */
	return r;
}
