/* SPDX-License-Identifier: Apache-2.0 */
/* The one text form: RFC 9562, 4. */
#include "common/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char)tolower((unsigned char)digit);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -EINVAL;
}

int uuid_parse(const char *text, uint8_t ret_uuid[16])
{
	uint8_t uuid[16] = {0}, any = 0;
	size_t at = 0;

	if (strlen(text) != UUID_TEXT_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(uuid); i++) {
		int high, low;

		if ((at == 8 || at == 13 || at == 18 || at == 23) && text[at++] != '-')
			return -EINVAL;
		high = digit_value(text[at++]);
		low = digit_value(text[at++]);
		if (high < 0 || low < 0)
			return -EINVAL;
		uuid[i] = (uint8_t)(high << 4 | low);
		any |= uuid[i];
	}
	if (!any)
		return -EINVAL;
	memcpy(ret_uuid, uuid, sizeof(uuid));
	return 0;
}

void uuid_format(const uint8_t uuid[16], char ret_text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *out = ret_text;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid[i] >> 4];
		*out++ = digits[uuid[i] & 15];
	}
	*out = '\0';
}
