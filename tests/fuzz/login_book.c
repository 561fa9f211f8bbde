/* SPDX-License-Identifier: Apache-2.0 */
/* The book that pam_holdfast.so reads as root: first line of the input is who asks, the rest the book. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/login_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	uint32_t groups[] = {0, 1005, UINT32_MAX};
	char account[64] = "", text[1024];
	struct login_found found;
	struct login_who who = {
		.account = account, .groups = groups, .group_count = 3, .service = "login"};
	size_t length;

	if (!end || size < 4)
		return 0;
	length = (size_t)(end - data);
	memcpy(&who.uid, data, length < 4 ? length : 4);
	memcpy(account, data, length < sizeof(account) ? length : sizeof(account) - 1);
	if (login_book_find((const char *)end + 1, size - length - 1, &who, &found) < 0)
		return 0;
	/* Whatever the book says, root gets in. */
	if (who.uid == 0 && login_judge(&found, false) != LOGIN_LET_IN)
		abort();
	login_say(&found, login_judge(&found, false), account, "its trust has expired", text,
		sizeof(text));
	if (strlen(text) >= sizeof(text) || strlen(found.title) >= LOGIN_TITLE_SIZE)
		abort();
	return 0;
}
