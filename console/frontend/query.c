/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/query.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DIGITS_MAX 12 /* as in a bundle: common/signing.h */

static bool take_word(const char **at, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*at, word, size) != 0)
		return false;
	*at += size;
	return true;
}

static bool take_number(const char **at, uint64_t *ret_number)
{
	const char *start = *at;
	uint64_t number = 0;

	while (**at >= '0' && **at <= '9' && *at - start < DIGITS_MAX)
		number = number * 10 + (uint64_t)(*(*at)++ - '0');
	if (*at == start || (*start == '0' && *at - start > 1))
		return false;
	*ret_number = number;
	return true;
}

int query_parse(const char *text, struct query *ret_query)
{
	uint64_t have, wait, lease = 0;

	if (!take_word(&text, "have=") || !take_number(&text, &have) ||
		!take_word(&text, "&wait=") || !take_number(&text, &wait))
		return -EINVAL;
	if (take_word(&text, "&lease=") && !take_number(&text, &lease))
		return -EINVAL;
	if (*text)
		return -EINVAL;
	ret_query->have = have;
	ret_query->lease = lease;
	ret_query->wait_s = wait < QUERY_WAIT_MAX ? (uint32_t)wait : QUERY_WAIT_MAX;
	return 0;
}
