/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/store/store.h"

void store_uid_format(const uint8_t uid[CONSOLE_UID_SIZE], char ret_text[STORE_UID_TEXT])
{
	char *at = ret_text;

	for (unsigned int i = 0; i < CONSOLE_UID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", uid[i]);
	}
}

static int digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return -1;
}

int store_uid_parse(const char *text, uint8_t ret_uid[CONSOLE_UID_SIZE])
{
	uint8_t uid[CONSOLE_UID_SIZE];

	for (unsigned int i = 0; i < CONSOLE_UID_SIZE; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return -EINVAL;
		high = digit(text[0]);
		low = high < 0 ? -1 : digit(text[1]);
		if (low < 0)
			return -EINVAL;
		uid[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text)
		return -EINVAL;
	memcpy(ret_uid, uid, sizeof(uid));
	return 0;
}
